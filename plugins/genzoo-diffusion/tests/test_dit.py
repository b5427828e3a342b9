"""The transformer: shapes, what it depends on, and how it begins."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from gaussian import normal
from genzoo_diffusion.attention import SelfAttention
from genzoo_diffusion.conditioning import NO_CLASS
from genzoo_diffusion.dit import DiT, places


def dit(shape=(3, 16, 24), patch=4, classes=3):
    torch.manual_seed(0)
    return DiT(shape=shape, width=32, depth=2, patch=patch, latest=1.0, classes=classes).eval()


def stirred(network):
    for parameter in network.parameters():
        parameter.data.add_(torch.randn_like(parameter) * 0.05)
    return network


def test_at_first_the_velocity_is_zero():
    x = normal(2, 3, 16, 24, seed=0).float()
    assert dit()(x, torch.tensor([0.3, 0.7])).abs().max() == 0


@pytest.mark.parametrize("patch", [1, 2, 4, 8])
def test_velocities_have_the_images_shape(patch):
    x = normal(2, 3, 16, 24, seed=0).float()
    assert stirred(dit(patch=patch))(x, torch.tensor([0.3, 0.7])).shape == x.shape


def test_output_depends_on_time_class_and_place():
    network = stirred(dit())
    x = normal(1, 3, 16, 24, seed=0).float().expand(4, -1, -1, -1)
    t, labels = torch.tensor([0.1, 0.1, 0.9, 0.1]), torch.tensor([0, 1, 0, NO_CLASS])
    out = network(x, t, labels)
    torch.testing.assert_close(out[3], network(x[:1], t[:1])[0])
    for row in (1, 2, 3):
        assert (out[row] - out[0]).abs().max() > 1e-3
    flat = network(torch.zeros(1, 3, 16, 24), t[:1], labels[:1])
    assert (flat[..., :4] - flat[..., 4:8]).abs().max() > 1e-3


def test_every_parameter_gets_a_gradient():
    network = stirred(dit())
    x = normal(4, 3, 16, 24, seed=0).float()
    network(x, torch.rand(4), torch.tensor([0, 1, 2, -1])).square().sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0, name


def test_attention_is_the_papers():
    torch.manual_seed(0)
    attention = SelfAttention(64)
    x = torch.randn(2, 5, 64)
    q, k, v = attention.project(x).chunk(3, 2)
    heads = []
    for one in range(2):
        part = slice(32 * one, 32 * one + 32)
        scores = F.softmax(q[..., part] @ k[..., part].mT / 32**0.5, -1)
        heads.append(scores @ v[..., part])
    torch.testing.assert_close(attention(x), attention.leave(torch.cat(heads, 2)))


def test_places_are_all_different():
    rows = places(4, 6, 32)
    assert rows.shape == (24, 32)
    assert torch.cdist(rows, rows).fill_diagonal_(1).min() > 0.1
