"""Toys that break the plugin contract, each in one way."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Annotated, Self

import torch
import torch.nn.functional as F
from points_kind import PointsKind
from pydantic import AfterValidator, Field
from torch import Tensor, nn
from toy_flow import ToyAffine, ToyFlow
from toy_objectives import ToyAdversarial
from toys import (
    LATENT,
    ToyConfig,
    ToyDiscriminator,
    ToyGAN,
    ToyGenerator,
    ToyLikelihood,
    ToyPosterior,
    ToyPrior,
    ToyVAE,
)

from genzoo import (
    Architecture,
    Config,
    Decoder,
    Discriminator,
    Encoder,
    LatentSpec,
    Likelihood,
    Noise,
    Phase,
    Posterior,
    Prior,
    SampleSpec,
    SpecError,
    Step,
    Term,
    Terms,
)

# Configs.


class ForgetfulConfig(Config):
    width: Annotated[int, AfterValidator(lambda value: value + 1)] = Field(
        4, ge=1, description="Grows whenever it is read."
    )


class BareConfig(Config):
    width: int = Field(4, ge=1)


class LooseConfig(Config):
    width: int = Field(4, ge=1, description="Channels.")
    betas: tuple[float, float] = Field((0.5, 0.9), description="Decay rates.")


# Architectures.


class WithGenerator(ToyGAN):
    """A toy GAN with another generator, which ignores classes but refuses them."""

    generator: type[nn.Module]

    def __init__(self, config: ToyConfig, sample: SampleSpec) -> None:
        if sample.conditional:
            raise SpecError("There are no classes here.")
        super().__init__(config, sample)

    def build(self) -> Mapping[str, nn.Module]:
        parts = dict(super().build())
        return {**parts, "generator": self.generator(self.config, self.sample)}


class TooBright(ToyGenerator):
    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        return super().forward(z, labels) + 1.5


class OutOfRange(WithGenerator):
    generator = TooBright


class OneMorePixel(ToyGenerator):
    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        return F.pad(super().forward(z, labels), (0, 1))


class WrongShape(WithGenerator):
    generator = OneMorePixel


class Normalised(ToyGenerator):
    """Batch statistics at all times, but running ones are left alone."""

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        x = super().forward(z, labels)
        return (x - x.mean(0)).clamp(-1.0, 1.0)


class CoupledSamples(WithGenerator):
    generator = Normalised


class TrainingNorm(ToyGenerator):
    """Batch norm that knows no evaluation mode."""

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        F.batch_norm(self.first(z), self.norm.running_mean, self.norm.running_var, training=True)
        return super().forward(z, labels)


class MovedStatistics(WithGenerator):
    generator = TrainingNorm


class Dropping(ToyGenerator):
    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        return super().forward(F.dropout(z, 0.5, training=True), labels)


class GlobalNoise(WithGenerator):
    generator = Dropping


class Counting(ToyGenerator):
    """Remembers in an attribute how often it was trained."""

    def __init__(self, config: ToyConfig, sample: SampleSpec) -> None:
        super().__init__(config, sample)
        self.calls = 0

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        self.calls += self.training
        return super().forward(z, labels) / (1 + self.calls)


class UnsavedState(WithGenerator):
    generator = Counting


class Deaf(ToyGenerator):
    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        return super().forward(z, None if labels is None else torch.zeros_like(labels))


class LabelsIgnored(ToyGAN):
    def build(self) -> Mapping[str, nn.Module]:
        return {**super().build(), "generator": Deaf(self.config, self.sample)}


class Crooked(ToyGenerator):
    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        raise IndexError("list index out of range")


class Crashing(WithGenerator):
    generator = Crooked


class Picky(WithGenerator):
    generator = ToyGenerator

    def __init__(self, config: ToyConfig, sample: SampleSpec) -> None:
        if sample.shape != (3, 17, 17) or config.width < 3:
            raise SpecError("Only 17 pixels.")
        super().__init__(config, sample)


class Idle(ToyGenerator):
    """With a layer that nobody calls."""

    def __init__(self, config: ToyConfig, sample: SampleSpec) -> None:
        super().__init__(config, sample)
        self.spare = nn.Linear(2, 2)


class NeverCalled(WithGenerator):
    generator = Idle


class Muted(ToyGenerator):
    """With a layer whose output is multiplied by nought."""

    def __init__(self, config: ToyConfig, sample: SampleSpec) -> None:
        super().__init__(config, sample)
        self.spare = nn.Linear(LATENT, LATENT)

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        return super().forward(z + 0.0 * self.spare(z), labels)


class ZeroGradient(WithGenerator):
    generator = Muted


class ColumnDiscriminator(ToyDiscriminator):
    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        return super().forward(x, labels).unsqueeze(1)


class ColumnLogits(ToyGAN):
    def build(self) -> Mapping[str, nn.Module]:
        return {**super().build(), "discriminator": ColumnDiscriminator(self.config, self.sample)}


class MissingPart(ToyGAN):
    def build(self) -> Mapping[str, nn.Module]:
        return {"generator": ToyGenerator(self.config, self.sample)}


class Critic(Discriminator):
    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        return self.scale * x.flatten(1).sum(1)


class SummedKL(ToyPosterior):
    def kl(self) -> Tensor:
        return super().kl().sum(1)


class NegativeKL(ToyPosterior):
    def kl(self) -> Tensor:
        return -super().kl()


class Tiled(ToyPosterior):
    def repeat(self, times: int) -> Posterior:
        return Tiled(self.location.repeat(times, 1))


class Tame(ToyLikelihood):
    """A toy likelihood whose draws keep to the range."""

    def sample(self, noise: Noise) -> Tensor:
        return super().sample(noise).clamp(0.0, 1.0)


class MeanLogDensity(Tame):
    def log_prob(self, x: Tensor) -> Tensor:
        return super().log_prob(x).mean()


class TamePair(ToyVAE):
    """A toy VAE with other distributions; sound as it is."""

    posterior: type[ToyPosterior] = ToyPosterior
    likelihood: type[Likelihood] = Tame

    def __init__(self, config: ToyConfig, sample: SampleSpec) -> None:
        if sample.conditional:
            raise SpecError("There are no classes here.")
        super().__init__(config, sample)

    def build(self) -> Mapping[str, nn.Module]:
        parts = super().build()
        return {
            "encoder": Wrapped(parts["encoder"], self.posterior),
            "decoder": WrappedDecoder(parts["decoder"], self.likelihood),
        }


class Wrapped(Encoder):
    def __init__(self, inner: nn.Module, kind: type[ToyPosterior]) -> None:
        super().__init__()
        self.inner, self.kind = inner, kind

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Posterior:
        return self.kind(self.inner(x).location)


class WrappedDecoder(Decoder):
    def __init__(self, inner: nn.Module, kind: type[Likelihood]) -> None:
        super().__init__()
        self.inner, self.kind = inner, kind

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Likelihood:
        return self.kind(self.inner(z).location)


class WithSummedKL(TamePair):
    posterior = SummedKL


class WithNegativeKL(TamePair):
    posterior = NegativeKL


class WithTiledRows(TamePair):
    posterior = Tiled


class WithMeanLogDensity(TamePair):
    likelihood = MeanLogDensity


class WildDraws(TamePair):
    likelihood = ToyLikelihood


class Points(Architecture):
    """Points in the plane, which no image fits."""

    def __init__(self, config: ToyConfig, sample: SampleSpec) -> None:
        if sample.kind != "points" or sample.conditional:
            raise SpecError("Points without classes only.")
        super().__init__(config, sample.with_range(-5.0, 5.0))
        self.latent = LatentSpec(shape=(LATENT,))

    def build(self) -> Mapping[str, nn.Module]:
        return {"generator": PointGenerator(self.sample), "discriminator": Critic()}


class PointGenerator(ToyGenerator):
    def __init__(self, sample: SampleSpec) -> None:
        nn.Module.__init__(self)
        self.layer = nn.Linear(LATENT, sample.shape[0])

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        return 5.0 * self.layer(z).tanh()


# Objectives.


class Sound(ToyAdversarial):
    """A toy GAN's objective without flaw."""


class ThroughGrad(ToyAdversarial):
    """Leaves a gradient in the other player's part."""

    def _discriminator(self, step: Step) -> Terms:
        terms = super()._discriminator(step)
        for parameter in step.part("generator").parameters():
            parameter.grad = torch.ones_like(parameter)
        return terms


class BackwardInside(ToyAdversarial):
    """Computes gradients in its loss."""

    def _generator(self, step: Step) -> Terms:
        terms = super()._generator(step)
        terms["fake"].mean().backward(retain_graph=True)
        return terms


class MovesOthers(ToyAdversarial):
    """Clips the other player's weights."""

    def _generator(self, step: Step) -> Terms:
        with torch.no_grad():
            for parameter in step.part("discriminator").parameters():
                parameter.mul_(0.5)
        return super()._generator(step)


class DeadTerm(ToyAdversarial):
    def _generator(self, step: Step) -> Terms:
        with torch.no_grad():
            distance = (self._fake(step) - step.batch.x).square().flatten(1).sum(1)
        return {**super()._generator(step), "perceptual": distance}


class NoughtTerm(ToyAdversarial):
    """A term with a graph whose gradient is nought, and one that has no weight."""

    def _generator(self, step: Step) -> Terms:
        terms = super()._generator(step)
        return {**terms, "nothing": 0.0 * terms["fake"], "idle": Term(terms["fake"], 0.0)}


class ReducedLoss(ToyAdversarial):
    def _generator(self, step: Step) -> Terms:
        return {"fake": super()._generator(step)["fake"].mean()}


class ColumnLoss(ToyAdversarial):
    def _generator(self, step: Step) -> Terms:
        return {"fake": super()._generator(step)["fake"].unsqueeze(1)}


class InfiniteLoss(ToyAdversarial):
    def _generator(self, step: Step) -> Terms:
        return {"fake": super()._generator(step)["fake"] / 0.0}


class HiddenState(ToyAdversarial):
    """Counts in Python, and forgets when it is resumed."""

    def __init__(self, config, context) -> None:
        super().__init__(config, context)
        self.count = 0

    def _generator(self, step: Step) -> Terms:
        self.count += 1
        return {"fake": Term(super()._generator(step)["fake"], 1.0 / self.count)}


class OwnDice(ToyAdversarial):
    """Draws from the random stream of the process."""

    def _generator(self, step: Step) -> Terms:
        shift = random.random()
        return {"fake": (super()._generator(step)["fake"] + shift).square()}


class OneSided(ToyAdversarial):
    """Uses both players and trains one."""

    def phases(self) -> list[Phase]:
        return [phase for phase in super().phases() if phase.trains == ("generator",)]


class Grumpy(ToyAdversarial):
    def check(self, parts: Mapping[str, nn.Module]) -> None:
        from genzoo import CapabilityError

        raise CapabilityError("These networks are not to my taste.")


# Kinds.


class DoublePoints(PointsKind):
    def rows(self, x, spec):
        return super().rows(x, spec).astype("float64")


class FarPoints(PointsKind):
    def samples(self, rows, spec):
        return super().samples(rows, spec) + 1.0


class MirroredPoints(PointsKind):
    def samples(self, rows, spec):
        return super().samples(rows, spec).flip(1)


class FlatPicture(PointsKind):
    def picture(self, x, spec, columns=None):
        return super().picture(x, spec)[:, :, 0]


class EmptyFile(PointsKind):
    def encoded(self, x, spec, ending, columns=None):
        return b""


class Misnamed(PointsKind):
    name = "spots"


# Priors.


class CoupledPrior(ToyPrior):
    def sample(self, noise: Noise) -> Tensor:
        z = super().sample(noise)
        return z - z.mean(0)


class FlatDensity(ToyPrior):
    def log_prob(self, z: Tensor) -> Tensor:
        return super().log_prob(z).sum()


class NotAPrior(Prior):
    def sample(self, noise: Noise) -> Tensor:
        return noise.normal(*self.latent.shape)

    def log_prob(self, z: Tensor) -> Tensor:
        return z.flatten(1).sum(1)

    def fit(self, latents: Tensor, seed: int) -> Self:
        return self


# Flows.


class LossyAffine(ToyAffine):
    def inverse(self, x: Tensor, labels: Tensor | None = None) -> tuple[Tensor, Tensor]:
        z, log_det = super().inverse(x, labels)
        return z * 1.1, log_det


class WithoutWayBack(ToyFlow):
    def build(self) -> Mapping[str, nn.Module]:
        return {"flow": LossyAffine(self.sample)}


class FlippedAffine(ToyAffine):
    def inverse(self, x: Tensor, labels: Tensor | None = None) -> tuple[Tensor, Tensor]:
        z, log_det = super().inverse(x, labels)
        return z, -log_det


class WithWrongDeterminant(ToyFlow):
    def build(self) -> Mapping[str, nn.Module]:
        return {"flow": FlippedAffine(self.sample)}


def takes_all(data, kind):
    """Takes any data for its own."""
    return True
