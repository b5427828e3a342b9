"""Objectives for the toys, with everything a run must bring through a resume."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor

from genzoo import (
    Config,
    Objective,
    ObjectiveSpec,
    OptimizerSettings,
    Phase,
    Step,
    Term,
    Terms,
    hookimpl,
)


class ToyObjectiveConfig(Config):
    learning_rate: float = Field(0.01, gt=0, le=1, description="Step size.")
    poison_at: int = Field(-1, ge=-1, description="Step whose loss is not a number.")


class ToyAdversarial(Objective):
    """A logistic GAN with a lazy penalty and a running mean of its own."""

    config: ToyObjectiveConfig

    def __init__(self, config, context) -> None:
        super().__init__(config, context)
        self.mean = torch.zeros(())

    def phases(self) -> Sequence[Phase]:
        return [
            Phase(
                "penalty",
                ("discriminator",),
                self._penalty,
                every=2,
                optimizer_step=False,
                second_order=True,
            ),
            Phase("discriminator", ("discriminator",), self._discriminator, repeat=2),
            Phase("generator", ("generator",), self._generator),
        ]

    def optimizer(self, part: str) -> OptimizerSettings:
        return OptimizerSettings(learning_rate=self.config.learning_rate, betas=(0.5, 0.9))

    def state_dict(self) -> dict[str, Tensor]:
        return {"mean": self.mean}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        self.mean = state["mean"]

    def _fake(self, step: Step) -> Tensor:
        labels = step.batch.labels
        return step.once("fake", lambda: step.part("generator")(step.latents(), labels))

    def _penalty(self, step: Step) -> Terms:
        x = step.batch.x.clone().requires_grad_()
        logits = step.part("discriminator")(x, step.batch.labels)
        (gradient,) = torch.autograd.grad(logits.sum(), x, create_graph=True)
        return {"r1": Term(gradient.square().flatten(1).sum(1), 0.1)}

    def _discriminator(self, step: Step) -> Terms:
        discriminator, labels = step.part("discriminator"), step.batch.labels
        real = discriminator(step.batch.x, labels)
        self.mean = 0.9 * self.mean + 0.1 * step.batch_mean(real.detach())
        poison = float("nan") if step.index == self.config.poison_at else 1.0
        fake = discriminator(self._fake(step).detach(), labels)
        return {"real": F.softplus(-real) * poison, "fake": F.softplus(fake + self.mean)}

    def _generator(self, step: Step) -> Terms:
        logits = step.part("discriminator")(self._fake(step), step.batch.labels)
        return {"fake": F.softplus(-logits)}


class ToyBound(Objective):
    """The evidence lower bound."""

    config: ToyObjectiveConfig

    def phases(self) -> Sequence[Phase]:
        return [Phase("bound", ("encoder", "decoder"), self._loss)]

    def optimizer(self, part: str) -> OptimizerSettings:
        return OptimizerSettings(learning_rate=self.config.learning_rate)

    def _loss(self, step: Step) -> Terms:
        posterior = step.part("encoder")(step.batch.x)
        z = posterior.rsample(step.noise("posterior"))
        return {
            "distortion": -step.part("decoder")(z).log_prob(step.batch.x),
            "rate": posterior.kl().flatten(1).sum(1),
        }


@hookimpl
def genzoo_objectives() -> list[ObjectiveSpec]:
    return [
        ObjectiveSpec(
            name="gan",
            family="gan",
            target="toy_objectives:ToyAdversarial",
            config="toy_objectives:ToyObjectiveConfig",
            requires=("generator", "discriminator"),
        ),
        ObjectiveSpec(
            name="elbo",
            family="vae",
            target="toy_objectives:ToyBound",
            config="toy_objectives:ToyObjectiveConfig",
            requires=("encoder", "decoder"),
        ),
    ]
