"""How torch uses this machine: device, precision, allocators, determinism and torch.compile."""

from __future__ import annotations

import ctypes
import os
import platform
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager

import torch
from torch import Tensor, nn

from genzoo.errors import CapabilityError, PluginError, UsageError
from genzoo.plugin_safety.plugin_errors import contained

HUGE_PAGES = "THP_MEM_ALLOC_ENABLE"
"""The environment variable by which torch asks Linux for huge pages."""

_M_TRIM_THRESHOLD = -1
_M_MMAP_MAX = -4
_WORKSPACE = "CUBLAS_WORKSPACE_CONFIG"


def choose_device(name: str) -> torch.device:
    """`auto` takes a GPU where there is one.

    Raises:
        UsageError: The name is not a device, or this machine lacks it.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise UsageError(
            f"The device '{name}' is not available here.", "Use --device cpu or --device auto."
        ) from error
    return device


def multiplies_bfloat16(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 natively; emulation is slower than float32."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type == "cpu":
        return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
    return False


def choose_precision(name: str, device: torch.device) -> str:
    """`auto` becomes `bf16` where the device multiplies it natively, else `fp32`."""
    if name == "auto":
        return "bf16" if multiplies_bfloat16(device) else "fp32"
    return name


def tune_allocators() -> None:
    """Keep freed memory in the process, and have large blocks in huge pages where there are any.

    A training step frees and takes the same activations over and over. Returning them to the
    kernel costs a page fault for every 4 KiB, and in pages of 4 KiB the processor has to look up
    where each is. Call it before the first tensor is made: torch reads the variable once. What the
    user has set stays. Where the C library or the system is another, nothing changes.
    """
    os.environ.setdefault(HUGE_PAGES, "1")
    if platform.libc_ver()[0] != "glibc":
        return
    libc = ctypes.CDLL(None)
    libc.mallopt(_M_MMAP_MAX, 0)
    libc.mallopt(_M_TRIM_THRESHOLD, -1)


@contextmanager
def determinism(wanted: bool) -> Iterator[None]:
    """Let torch refuse operations that are not deterministic, and put everything back afterwards.

    On a GPU cuDNN neither tries algorithms out nor takes those that differ from run to run, and
    cuBLAS gets a workspace of fixed size, unless the environment sets one. That only counts for
    a process that has not multiplied matrices on the GPU yet.

    Raises:
        CapabilityError: An operation has no deterministic algorithm on this device.
    """
    if not wanted:
        yield
        return
    cudnn = torch.backends.cudnn
    modes = (torch.get_deterministic_debug_mode(), cudnn.deterministic, cudnn.benchmark)
    workspace = os.environ.get(_WORKSPACE)
    os.environ.setdefault(_WORKSPACE, ":4096:8")
    torch.use_deterministic_algorithms(True)
    cudnn.deterministic, cudnn.benchmark = True, False
    try:
        yield
    except RuntimeError as error:
        if "deterministic" not in str(error):
            raise
        raise CapabilityError(
            f"Training is not deterministic here: {str(error).partition(', but')[0]}.",
            "Train without --deterministic, or with --device cpu.",
        ) from error
    finally:
        torch.set_deterministic_debug_mode(modes[0])
        cudnn.deterministic, cudnn.benchmark = modes[1:]
        if workspace is None:
            os.environ.pop(_WORKSPACE, None)


def compile_networks(networks: Iterable[nn.Module], device: torch.device) -> None:
    """Have networks compiled when they are first called. Their names and weights stay.

    Networks are compiled, never the step. What differentiates a gradient runs as it is written:
    compiled code can be differentiated but once.

    Raises:
        UsageError: torch.compile does not work here; it needs a compiler of C++, or Triton.
    """
    # Late, as it takes a second to import.
    from torch._functorch import config as functorch_config

    try:
        with contained("torch.compile failed"):
            torch.compile(_probe)(torch.ones(8, device=device, requires_grad=True)).backward()
    except PluginError as error:
        raise UsageError(
            "torch.compile does not work on this machine: on a processor it needs a C++ compiler.",
            "Leave --compile out.",
        ) from error
    # A step goes twice through what its phases share.
    functorch_config.donated_buffer = False
    for network in networks:
        network.compile()


def _probe(x: Tensor) -> Tensor:
    return (x * 2 + 1).square().sum()


def as_written() -> AbstractContextManager[None]:
    """Within it compiled networks run their own code."""
    return torch.compiler.set_stance("force_eager")
