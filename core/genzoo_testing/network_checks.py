"""An architecture becomes networks, and they keep to the interfaces."""

from __future__ import annotations

import torch
from torch import Tensor

from genzoo.interfaces.distributions import Likelihood, Posterior
from genzoo.interfaces.networks import Decoder, Discriminator, Encoder, Generator
from genzoo.interfaces.noise import SampleNoise
from genzoo.model.batches import evaluating
from genzoo.model.model import Model
from genzoo.specs import SampleSpec
from genzoo_testing.check import ContractError, check
from genzoo_testing.check_targets import ArchitectureSubject
from genzoo_testing.random_inputs import cyclic_labels, random_samples
from genzoo_testing.source_location import source_of

ROWS = 5
SLACK = 1e-4
"""What rounding may add to the value range."""


@check(
    "builds",
    "Whoever tries an architecture builds it with other values than its author: it must build, or "
    "say in its constructor what it cannot do.",
)
def builds(subject: ArchitectureSubject) -> str:
    """Built small, it has the parts that its record says, and one of them makes samples."""
    for sample in subject.tiny.samples:
        model = subject.stirred(sample)
        made = [model.parts[name] for name in subject.entry.record.inference]
        if not any(isinstance(part, Generator | Decoder) for part in made):
            raise ContractError("No part in `inference` is a genzoo.Generator or genzoo.Decoder.")
    sample = subject.tiny.samples[0]
    values = ", ".join(f"{name}={value}" for name, value in subject.tiny.config.items())
    return f"{sample.kind} {'x'.join(map(str, sample.shape))}, {values or 'its defaults'}"


@check(
    "outputs",
    "Objectives, metrics and pictures count on shapes and on the value range; what broadcasts by "
    "accident trains something else without a word.",
)
def outputs(subject: ArchitectureSubject) -> str:
    """Samples, latents, logits, posteriors and likelihoods are as the interfaces say."""
    for sample in subject.tiny.samples:
        _check_model(subject.stirred(sample))
    spec = subject.stirred(subject.tiny.samples[0]).sample_spec
    return f"samples {spec.shape} in [{spec.low:g}, {spec.high:g}]"


@torch.no_grad()
def _check_model(model: Model) -> None:
    spec = model.sample_spec
    samples = model.sample(ROWS)
    maker = next(part for part in model.parts.values() if isinstance(part, Generator | Decoder))
    _samples("A sample", samples, spec, source_of(type(maker).forward))
    latents = model.draw_latents(ROWS)
    _shape("A latent", latents, model.latent_spec.shape)
    x, labels = random_samples(spec, ROWS), cyclic_labels(spec, ROWS)
    with evaluating(model):
        for part in model.parts.values():
            where = source_of(type(part).forward)
            if isinstance(part, Discriminator):
                _shape("A logit", part(x, labels), (), where)
            elif isinstance(part, Encoder):
                _check_posterior(part(x, labels), model.latent_spec.shape, where)
            elif isinstance(part, Decoder):
                _check_likelihood(part(latents, labels), x, spec, where)


def _check_posterior(posterior: Posterior, shape: tuple[int, ...], where: str) -> None:
    if not isinstance(posterior, Posterior):
        raise ContractError(
            f"An encoder returned a {type(posterior).__name__}, no Posterior.", where
        )
    where = source_of(type(posterior))
    draw = posterior.rsample(SampleNoise(0, range(ROWS)))
    for what, found, expected in (
        ("A draw of the posterior", draw, shape),
        ("The posterior's mode", posterior.mode(), shape),
        ("The posterior's log density", posterior.log_prob(draw), ()),
        ("The posterior's KL divergence", posterior.kl(), shape),
    ):
        _shape(what, found, expected, where)
    if float(posterior.kl().flatten(1).sum(1).min()) < -1e-3:
        raise ContractError("The posterior's KL divergence is below zero.", where)
    twice = posterior.repeat(2).mode()
    if not torch.equal(twice, posterior.mode().repeat_interleave(2, 0)):
        raise ContractError("`repeat(2)` does not give each row twice in succession.", where)


def _check_likelihood(likelihood: Likelihood, x: Tensor, spec: SampleSpec, where: str) -> None:
    if not isinstance(likelihood, Likelihood):
        raise ContractError(
            f"A decoder returned a {type(likelihood).__name__}, no Likelihood.", where
        )
    where = source_of(type(likelihood))
    _shape("The likelihood's log density", likelihood.log_prob(x), (), where)
    _samples("The likelihood's mean", likelihood.mean(), spec, where)
    draw = likelihood.sample(SampleNoise(0, range(ROWS)))
    _samples("A draw of the likelihood", draw, spec, where)


def _shape(what: str, found: Tensor, shape: tuple[int, ...], where: str = "") -> None:
    if tuple(found.shape) != (ROWS, *shape):
        raise ContractError(f"{what} has shape {tuple(found.shape[1:])}, not {shape}.", where)
    if not bool(torch.isfinite(found).all()):
        raise ContractError(f"{what} is not finite.", where)


def _samples(what: str, x: Tensor, spec: SampleSpec, where: str) -> None:
    _shape(what, x, spec.shape, where)
    if x.dtype != torch.float32:
        raise ContractError(f"{what} is of {x.dtype}, not torch.float32.", where)
    low, high = float(x.min()), float(x.max())
    if low < spec.low - SLACK or high > spec.high + SLACK:
        raise ContractError(
            f"{what} has values from {low:.3g} to {high:.3g}, outside "
            f"[{spec.low:g}, {spec.high:g}].",
            where,
        )
