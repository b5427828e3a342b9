"""Exact volume changes by brute force, in double precision."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.autograd.functional import jacobian

Inverse = Callable[[Tensor, Tensor | None], tuple[Tensor, Tensor]]


def check_volume(inverse: Inverse, x: Tensor, context: Tensor | None = None) -> None:
    """Compare the log|det dz/dx| that `inverse` gives with that of its Jacobian, row by row."""
    _, log_det = inverse(x, context)
    assert log_det.shape == (len(x),)
    for row in range(len(x)):
        labels = None if context is None else context[row : row + 1]
        size = x[row].numel()
        matrix = jacobian(lambda one, labels=labels: inverse(one, labels)[0], x[row : row + 1])
        expected = torch.linalg.slogdet(matrix.reshape(size, size)).logabsdet
        torch.testing.assert_close(log_det[row], expected, rtol=1e-7, atol=1e-7)


def stirred(module: nn.Module, amount: float = 0.3) -> nn.Module:
    """The module in double precision, with weights that make every step do something."""
    generator = torch.Generator().manual_seed(0)
    module.double().eval()
    for parameter in module.parameters():
        parameter.data += amount * torch.randn(
            parameter.shape, generator=generator, dtype=torch.float64
        )
    return module
