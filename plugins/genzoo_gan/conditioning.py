"""How class labels enter the networks."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from genzoo import SpecError

LABEL_FEATURES = 64
"""Dimensions of the label embedding beside the latent."""


class LabelledLatent(nn.Module):
    """The latent with an embedding of its class beside it, or as it is when there are no classes.

    Args:
        latent_dim: Dimensions of the latent.
        classes: Number of classes; 0 for an unconditional network.

    Attributes:
        features: Dimensions of the result.
    """

    def __init__(self, latent_dim: int, classes: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(classes, LABEL_FEATURES) if classes else None
        self.features = latent_dim + (LABEL_FEATURES if classes else 0)

    def forward(self, z: Tensor, labels: Tensor | None) -> Tensor:
        """Latents (N, latent_dim), labels (N,): (N, features).

        Raises:
            SpecError: There are classes and `labels` is None.
        """
        if self.embedding is None:
            return z
        return torch.cat([z, self.embedding(_required(labels)).to(z.dtype)], dim=1)


class Projection(nn.Module):
    """The label's share of a discriminator's logit: <embedding(y), features(x)>.

    Miyato and Koyama 2018 (arXiv:1802.05637), equation 3. Zero when there are no classes.

    Args:
        features: Dimensions of the features of x.
        classes: Number of classes; 0 for an unconditional network.
    """

    def __init__(self, features: int, classes: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(classes, features) if classes else None
        if self.embedding is not None:
            nn.init.normal_(self.embedding.weight, std=features**-0.5)

    def forward(self, logits: Tensor, features: Tensor, labels: Tensor | None) -> Tensor:
        """Add to logits (N,) the projection of features (N, C, H, W), averaged over H and W.

        Raises:
            SpecError: There are classes and `labels` is None.
        """
        if self.embedding is None:
            return logits
        pooled = features.mean(dim=(2, 3))
        return logits + (self.embedding(_required(labels)) * pooled).sum(1)


def _required(labels: Tensor | None) -> Tensor:
    if labels is None:
        raise SpecError("This network is conditional and was given no class labels.")
    return labels
