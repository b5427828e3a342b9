"""The figures on the cards of the bundled models, each with the protocol that it stands for."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from genzoo import BatchNoise, Decoder, Encoder, Model
from genzoo.data.dataset import Dataset

COUNT = 2000
NEIGHBOURS = 3
SEED = 0


def measure(model: Model, dataset: Dataset, prior: str | None) -> dict[str, str]:
    """Rows of a card's table: what was measured, and how, to the figure.

    Args:
        model: A trained model.
        dataset: What it was trained on.
        prior: The prior that its samples are drawn from.
    """
    indices = np.linspace(0, len(dataset) - 1, 2 * COUNT).astype(np.int64)
    real, _ = dataset.batch(indices, model.sample_spec)
    first, second = real[0::2], real[1::2]
    fake = model.sample(COUNT, seed=SEED, prior=prior)
    precision, recall = precision_and_recall(pooled_pixels(first), pooled_pixels(fake))
    best, most = precision_and_recall(pooled_pixels(first), pooled_pixels(second))
    protocol = (
        f"{COUNT} samples, {COUNT} training images, 8x8 average-pooled pixels, k={NEIGHBOURS}"
    )
    rows = {
        f"Precision ({protocol})": f"{precision:.3f} (other training images: {best:.3f})",
        "Recall (same)": f"{recall:.3f} (other training images: {most:.3f})",
    }
    if model.can_encode:
        rows |= _autoencoding(model, first)
    return rows


def pooled_pixels(x: Tensor) -> Tensor:
    """Images (N, C, H, W) averaged to 8x8 pixels, (N, C * 64)."""
    return F.adaptive_avg_pool2d(x, 8).flatten(1)


def precision_and_recall(real: Tensor, fake: Tensor) -> tuple[float, float]:
    """Improved precision and recall (Kynkäänniemi et al. 2019, arXiv:1904.06991).

    The share of fakes inside some real point's ball to its k-th neighbour, and the reverse.

    Args:
        real: Features (N, D).
        fake: Features (M, D).
    """
    return _covered(fake, real), _covered(real, fake)


def _covered(points: Tensor, centres: Tensor) -> float:
    radii = torch.cdist(centres, centres).kthvalue(NEIGHBOURS + 1, dim=1).values
    return (torch.cdist(points, centres) <= radii).any(dim=1).float().mean().item()


@torch.no_grad()
def _autoencoding(model: Model, x: Tensor) -> dict[str, str]:
    spec = model.sample_spec
    error = (model.reconstruct(x) - x).square().flatten(1).mean(1)
    psnr = (20 * math.log10(spec.high - spec.low) - 10 * error.log10()).mean().item()
    encoder = next(part for part in model.parts.values() if isinstance(part, Encoder))
    decoder = next(part for part in model.parts.values() if isinstance(part, Decoder))
    bounds = []
    for number, rows in enumerate(x.split(100)):
        posterior = encoder(rows)
        z = posterior.rsample(BatchNoise(len(rows), number))
        bounds.append(decoder(z).log_prob(rows) - posterior.kl().flatten(1).sum(1))
    bound = torch.cat(bounds).mean().item()
    return {
        f"PSNR of reconstructions ({COUNT} training images)": f"{psnr:.1f} dB",
        f"ELBO of values in [{spec.low:g}, {spec.high:g}] as a density (same, one draw)": (
            f"{bound:,.0f} nats"
        ),
    }
