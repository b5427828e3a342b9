"""Priors that are fitted to posteriors."""

from __future__ import annotations

import torch
from torch import Tensor

from genzoo.interfaces.noise import SampleNoise
from genzoo.interfaces.prior import FittedPrior
from genzoo.quantisers.code_prior import CodePrior
from genzoo.quantisers.scalar import FiniteScalarQuantiser
from genzoo.registry import load_target
from genzoo.specs import LatentSpec
from genzoo_testing.check import ContractError, check
from genzoo_testing.check_targets import RecordSubject

SHAPE = (3,)
CODES = (2, 2, 2)
"""Vectors of two numbers at four places, for priors of codes."""

FEW = 5
"""Steps of those that take steps."""

LATENTS = 64
ROWS = 5


@check(
    "prior-fits",
    "A prior is fitted when training is over, hours after a mistake could have been seen; and its "
    "latents must be those of the seed, whatever the batch.",
)
@torch.no_grad()
def prior_fits(subject: RecordSubject) -> str:
    """Fitted to latents, it draws latents row by row and gives their log densities."""
    entry = subject.entry
    config = load_target(entry.record.config)()
    target = load_target(entry.record.target)
    shape = CODES if issubclass(target, CodePrior) else SHAPE
    latents = 2.0 + torch.randn(LATENTS, *shape, generator=torch.Generator().manual_seed(0))
    latent = LatentSpec(shape=shape)
    if issubclass(target, CodePrior):
        quantiser = FiniteScalarQuantiser([3] * shape[0])
        latent = LatentSpec(shape=shape, codes=quantiser.size)
        latents = quantiser(latents).values
        config = config.model_copy(update={"steps": FEW})
    prior: FittedPrior = target(latent, config)
    if isinstance(prior, CodePrior):
        prior.bind({"quantiser": quantiser})
    fitted = prior.fit(latents, 0)
    draws = fitted.sample(SampleNoise(0, range(ROWS)))
    _shape("A draw", draws, shape)
    _shape("The log density", fitted.log_prob(draws), ())
    alone = fitted.sample(SampleNoise(0, [ROWS - 1]))
    if not torch.allclose(alone, draws[-1:], atol=1e-5):
        raise ContractError("A latent drawn alone differs from the same one drawn among others.")
    return f"fitted to {LATENTS} latents"


def _shape(what: str, found: Tensor, shape: tuple[int, ...]) -> None:
    if tuple(found.shape) != (ROWS, *shape) or not bool(torch.isfinite(found).all()):
        raise ContractError(
            f"{what} is not finite, or of shape {tuple(found.shape[1:])}, not {shape}."
        )
