"""A generator with an inverse has the right one, and the right density."""

from __future__ import annotations

import torch
from torch import Tensor

from genzoo.interfaces.networks import InvertibleGenerator
from genzoo.model.batches import evaluating
from genzoo.model.model import Model
from genzoo_testing.check import ContractError, check
from genzoo_testing.check_targets import ArchitectureSubject
from genzoo_testing.perturb_weights import stir
from genzoo_testing.random_inputs import cyclic_labels
from genzoo_testing.source_location import source_of

ROWS = 3
MAX_DIMENSIONS = 1024
"""The Jacobian of larger samples takes too long: only the way there and back is checked then."""

AT_ONCE = 64
"""Rows of a Jacobian that are computed together."""

TOLERANCE = 1e-3
"""What rounding in float32 may come to, relative to the size of the values."""

STIRRING = 0.02
"""Enough that layers which begin at zero count, and little enough to leave samples in range."""


@check(
    "inverse",
    "A likelihood is exact only if the inverse is one and its log-determinant belongs to it: a "
    "wrong sign or a forgotten layer still trains, and reports densities that are none.",
)
def inverse(subject: ArchitectureSubject) -> str:
    """Latents come back from their samples, and the log-determinant is the Jacobian's."""
    models = [stir(subject.fresh(sample), STIRRING) for sample in subject.tiny.samples]
    found = [
        _check_part(model, part)
        for model in models
        for part in model.parts.values()
        if isinstance(part, InvertibleGenerator)
    ]
    return found[0] if found else "it has no part with an inverse"


def _check_part(model: Model, part: InvertibleGenerator) -> str:
    where = source_of(type(part).inverse)
    z, labels = model.draw_latents(ROWS).double(), cyclic_labels(model.sample_spec, ROWS)
    # Near the ends of the range a squashing last layer leaves float32 too few digits.
    part.double()
    with evaluating(model), torch.no_grad():
        x = part(z, labels)
        back, log_det = part.inverse(x, labels)
    if tuple(log_det.shape) != (ROWS,):
        raise ContractError(f"log|det| has shape {tuple(log_det.shape)}, not ({ROWS},).", where)
    if _differ(back, z):
        raise ContractError("The inverse of a sample is not the latent that made it.", where)
    if x[0].numel() > MAX_DIMENSIONS:
        return "latents come back"
    with evaluating(model):
        for row in range(ROWS):
            one = slice(row, row + 1)
            exact = _log_determinant(part, x[one], None if labels is None else labels[one])
            if _differ(log_det[row], exact):
                raise ContractError(
                    f"log|det| is {float(log_det[row]):.4g} where the Jacobian's is "
                    f"{float(exact):.4g}.",
                    where,
                )
    return "latents come back, log|det| is the Jacobian's"


def _log_determinant(part: InvertibleGenerator, x: Tensor, labels: Tensor | None) -> Tensor:
    """log|det dz/dx| of one sample x (1, ...), by autograd."""
    size = x.numel()
    rows = [
        _gradients(part, x, labels, torch.arange(start, min(start + AT_ONCE, size)))
        for start in range(0, size, AT_ONCE)
    ]
    return torch.linalg.slogdet(torch.cat(rows).double()).logabsdet


def _gradients(
    part: InvertibleGenerator, x: Tensor, labels: Tensor | None, outputs: Tensor
) -> Tensor:
    """Those of some outputs of one sample, (len(outputs), inputs).

    In a batch of its copies one backward pass has them all.
    """
    count = len(outputs)
    copies = x.repeat(count, *[1] * (x.dim() - 1)).requires_grad_()
    z, _ = part.inverse(copies, None if labels is None else labels.expand(count))
    own = z.flatten(1)[torch.arange(count), outputs].sum()
    if not own.requires_grad:
        return torch.zeros(count, x.numel())
    (gradient,) = torch.autograd.grad(own, copies, materialize_grads=True)
    return gradient.flatten(1)


def _differ(a: Tensor, b: Tensor) -> bool:
    scale = max(1.0, float(b.abs().max()))
    return not float((a.double() - b.double()).abs().max()) <= TOLERANCE * scale
