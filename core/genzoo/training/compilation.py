"""torch.compile for the networks of a run.

Networks are compiled, never the step. What differentiates a gradient runs as it is written:
compiled code can be differentiated but once.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager

import torch
from torch import Tensor, nn

from genzoo.errors import PluginError, UsageError
from genzoo.plugin_errors import contained


def compile_networks(networks: Iterable[nn.Module], device: torch.device) -> None:
    """Have networks compiled when they are first called. Their names and weights stay.

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
