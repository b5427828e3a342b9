"""Lets the two toolkits that insist on CUDA compute on the processor."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any
from unittest.mock import patch

import torch
from torch import nn

CHANGES = ".cuda() does nothing"


@contextmanager
def importing() -> Iterator[None]:
    """CUDA is said to be there while a toolkit is imported, which refuses otherwise.

    To move something to it is to leave it where it is, from here on. A service that one of them
    imports and is not asked to log to has a stand-in.
    """
    sys.modules.setdefault("aim", ModuleType("aim"))
    moved: Any
    for moved in (torch.Tensor, nn.Module):
        moved.cuda = lambda self, *_: self
    with patch.object(torch.cuda, "is_available", lambda: True):
        yield


class TorchOnProcessor(ModuleType):
    """torch, whose every device is the processor: for a module that names its device itself."""

    def __init__(self) -> None:
        super().__init__("torch")

    def device(self, *_: Any) -> torch.device:
        """The processor."""
        return torch.device("cpu")

    def __getattr__(self, name: str) -> Any:
        return getattr(torch, name)
