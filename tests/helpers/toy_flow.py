"""A flow small enough to check by hand: every value scaled and shifted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from toys import ToyConfig

from genzoo import (
    Architecture,
    ArchitectureSpec,
    InvertibleGenerator,
    LatentSpec,
    Objective,
    ObjectiveSpec,
    OptimizerSettings,
    Phase,
    SampleSpec,
    Step,
    Terms,
    hookimpl,
)


class ToyAffine(InvertibleGenerator):
    """x = (z - shift) exp(-log_scale), with a shift for each class."""

    def __init__(self, sample: SampleSpec) -> None:
        super().__init__()
        self.log_scale = nn.Parameter(torch.linspace(0.5, 1.5, sample.shape[-1]))
        self.shift = nn.Embedding(max(1, len(sample.classes)), sample.shape[-1])

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        return (z - self._shift(z, labels)) * torch.exp(-self.log_scale)

    def inverse(self, x: Tensor, labels: Tensor | None = None) -> tuple[Tensor, Tensor]:
        z = x * torch.exp(self.log_scale) + self._shift(x, labels)
        return z, self.log_scale.expand_as(x).flatten(1).sum(1)

    def _shift(self, rows: Tensor, labels: Tensor | None) -> Tensor:
        numbers = torch.zeros(len(rows), dtype=torch.long) if labels is None else labels
        return self.shift(numbers).view(-1, *[1] * (rows.dim() - 2), rows.shape[-1])


class ToyFlow(Architecture):
    config: ToyConfig

    def __init__(self, config: ToyConfig, sample: SampleSpec) -> None:
        super().__init__(config, sample.with_range(-1.0, 1.0))
        self.latent = LatentSpec(shape=sample.shape)

    def build(self) -> Mapping[str, nn.Module]:
        return {"flow": ToyAffine(self.sample)}


class ToyLikelihood(Objective):
    def phases(self) -> Sequence[Phase]:
        return [Phase("likelihood", ("flow",), self.loss)]

    def optimizer(self, part: str) -> OptimizerSettings:
        return OptimizerSettings(1e-2)

    def loss(self, step: Step) -> Terms:
        z, log_det = step.part("flow").inverse(step.batch.x, step.batch.labels)
        return {"nats": -step.prior.log_prob(z) - log_det}


@hookimpl
def genzoo_architectures() -> list[ArchitectureSpec]:
    return [
        ArchitectureSpec(
            name="toy-flow",
            family="flow",
            target="toy_flow:ToyFlow",
            config="toys:ToyConfig",
            parts=("flow",),
            inference=("flow",),
            objective="toy-likelihood",
            priors=("toy-prior",),
        )
    ]


@hookimpl
def genzoo_objectives() -> list[ObjectiveSpec]:
    return [
        ObjectiveSpec(
            name="toy-likelihood",
            family="flow",
            target="toy_flow:ToyLikelihood",
            config="toys:ToyConfig",
            requires=("flow",),
        )
    ]
