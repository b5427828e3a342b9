"""How labels enter."""

from __future__ import annotations

import pytest
import torch

from genzoo import SpecError
from genzoo_gan.conditioning import LABEL_FEATURES, LabelledLatent, Projection


def test_unconditional_passes_through() -> None:
    z, logits, features = torch.randn(4, 8), torch.randn(4), torch.randn(4, 6, 2, 2)
    latent, projection = LabelledLatent(8, 0), Projection(6, 0)
    assert latent(z, None) is z
    assert latent(z, torch.zeros(4, dtype=torch.long)) is z
    assert latent.features == 8
    assert projection(logits, features, None) is logits
    assert not [*latent.parameters(), *projection.parameters()]


def test_the_latent_stands_beside_the_embedding() -> None:
    latent, z = LabelledLatent(8, 3), torch.randn(4, 8)
    result = latent(z, torch.tensor([0, 1, 2, 0]))
    assert result.shape == (4, latent.features) == (4, 8 + LABEL_FEATURES)
    assert torch.equal(result[:, :8], z)
    assert torch.equal(result[0, 8:], result[3, 8:])
    assert not torch.equal(result[0, 8:], result[1, 8:])


def test_projection_is_the_inner_product() -> None:
    projection, features = Projection(6, 3), torch.randn(2, 6, 4, 4)
    labels = torch.tensor([2, 1])
    expected = [
        torch.dot(projection.embedding.weight[label], x.mean((1, 2)))
        for label, x in zip(labels, features, strict=True)
    ]
    torch.testing.assert_close(
        projection(torch.ones(2), features, labels), 1 + torch.stack(expected)
    )


def test_labels_are_required_of_conditional_networks() -> None:
    with pytest.raises(SpecError, match="no class labels"):
        LabelledLatent(8, 3)(torch.randn(4, 8), None)
    with pytest.raises(SpecError, match="no class labels"):
        Projection(6, 3)(torch.zeros(4), torch.randn(4, 6, 2, 2), None)
