"""The same bits each time, where torch has a way to compute them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from genzoo.errors import CapabilityError

_WORKSPACE = "CUBLAS_WORKSPACE_CONFIG"


@contextmanager
def determinism(wanted: bool) -> Iterator[None]:
    """Let torch refuse operations that are not deterministic, and put everything back afterwards.

    On a GPU cuDNN neither tries algorithms out nor takes those that differ from run to run, and
    cuBLAS gets a workspace of fixed size, unless the environment sets one. That only counts for
    a process that has not multiplied matrices on the GPU yet.

    Raises:
        CapabilityError: An operation has no deterministic way on this device.
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
