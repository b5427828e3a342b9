"""Where torch.compile cannot work."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from genzoo.errors import UsageError
from genzoo.training.compilation import compile_networks


def test_a_machine_that_cannot_compile_is_told_apart(monkeypatch) -> None:
    def fails(*_: object) -> object:
        raise RuntimeError("no C++ compiler")

    monkeypatch.setattr(torch, "compile", fails)
    network = nn.Linear(2, 2)
    with pytest.raises(UsageError, match="does not work on this machine") as caught:
        compile_networks([network], torch.device("cpu"))
    assert "--compile" in str(caught.value.hint)
    assert network._compiled_call_impl is None
