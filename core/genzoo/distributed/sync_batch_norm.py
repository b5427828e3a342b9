"""Batch normalisation over the rows of several processes."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from genzoo.distributed.process_group import ProcessGroup


class SyncedBatchNorm(nn.modules.batchnorm._BatchNorm):
    """Batch normalisation (Ioffe and Szegedy 2015) with the statistics of the global batch.

    torch.nn.SyncBatchNorm does the same on GPUs alone. The parameters and buffers are those of the
    layer that this one stands in for, under the same names.

    Args:
        layer: That layer.
        processes: The processes that share the batch, each with as many rows.
    """

    def __init__(self, layer: nn.modules.batchnorm._BatchNorm, processes: ProcessGroup) -> None:
        super().__init__(
            layer.num_features,
            layer.eps,
            layer.momentum,
            layer.affine,
            layer.track_running_stats,
        )
        self._parameters = layer._parameters
        self._buffers = layer._buffers
        self.processes = processes

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() < 2:
            raise ValueError(f"batch normalisation takes (N, C, ...), not {tuple(input.shape)}")

    def forward(self, input: Tensor) -> Tensor:
        """Normalise (N, C, *shape) over all dimensions but C."""
        if not self.training:
            # One process may be sampling while the others wait.
            return super().forward(input)
        self._check_input_dim(input)
        x = input.to(torch.promote_types(input.dtype, torch.float32))
        mean, variance = self._moments(x)
        scale = torch.rsqrt(variance + self.eps)
        if self.weight is not None:
            scale = scale * self.weight
        shift = -mean * scale
        if self.bias is not None:
            shift = shift + self.bias
        shape = (1, -1, *[1] * (x.dim() - 2))
        return torch.addcmul(shift.view(shape), x, scale.view(shape)).to(input.dtype)

    def _moments(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and variance over the global batch, (C,) each; the running ones take them in."""
        dimensions = [0, *range(2, x.dim())]
        own_variance, own_mean = torch.var_mean(x, dimensions, correction=0)
        mean = self.processes.mean(own_mean)
        # Squares of means, which may be large beside the variance, would cancel it.
        variance = self.processes.mean(own_variance + (own_mean - mean).square())
        if self.running_mean is not None:
            self._remember(mean.detach(), variance.detach(), x.numel() // x.shape[1])
        return mean, variance

    def _remember(self, mean: Tensor, variance: Tensor, rows: int) -> None:
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        self.num_batches_tracked.add_(1)
        momentum = self.momentum
        if momentum is None:
            momentum = 1.0 / float(self.num_batches_tracked)
        count = rows * self.processes.size
        self.running_mean.lerp_(mean, momentum)
        self.running_var.lerp_(variance * (count / max(count - 1, 1)), momentum)


def synced(module: nn.Module, processes: ProcessGroup) -> nn.Module:
    """`module` with the batch normalisation of torch.nn replaced, in place but for itself."""
    if type(module) in (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d):
        layer: Any = module
        return SyncedBatchNorm(layer, processes)
    for name, child in module.named_children():
        replacement = synced(child, processes)
        if replacement is not child:
            setattr(module, name, replacement)
    return module
