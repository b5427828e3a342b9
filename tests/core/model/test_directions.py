"""Directions of latents and styles."""

import pytest
import torch
from styled_models import gan, styled_gan
from torch import nn

from genzoo.errors import CapabilityError, UsageError
from genzoo.interfaces.networks import Generator
from genzoo.model.directions import Directions, difference, find_directions
from genzoo.model.model import Model
from genzoo.model.styles import edit, mix_styles, synthesise


class Linear(Generator):
    """Its first layer stretches the third latent most, then the first."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 4)
        with torch.no_grad():
            self.first.weight.copy_(torch.diag(torch.tensor([2.0, 0.5, 9.0, 0.1])))

    def forward(self, z, labels=None):
        return self.first(z).repeat(1, 192).view(-1, 3, 16, 16)


@pytest.fixture
def styled():
    return styled_gan()


@pytest.fixture
def linear():
    plain = gan()
    return Model(
        plain.architecture_name, plain.architecture, {"generator": Linear()}, kind=plain.kind
    )


@pytest.mark.parametrize("way", ["components", "factorisation"])
def test_the_first_directions_are_those_that_the_first_layer_stretches_most(linear, way):
    found = find_directions(linear, way, 2)
    assert found.vectors.shape == (2, 4)
    expected = torch.tensor([[0.0, 0.0, 1.0, 0.0], [1.0, 0.0, 0.0, 0.0]])
    torch.testing.assert_close(found.vectors.abs(), expected, atol=0.05, rtol=0)
    torch.testing.assert_close(found.deviations, torch.ones(2), atol=0.1, rtol=0)


@pytest.mark.parametrize("way", ["components", "factorisation"])
def test_directions_of_a_convolutional_generator_are_unit_vectors(way):
    found = find_directions(gan(), way, 3)
    torch.testing.assert_close(found.vectors.norm(dim=1), torch.ones(3))
    again = find_directions(gan(), way, 3)
    assert torch.equal(found.vectors, again.vectors)


@pytest.mark.parametrize("way", ["components", "factorisation"])
def test_directions_of_styles_are_of_their_dimensions(styled, way):
    found = find_directions(styled, way, 2)
    assert found.vectors.shape == (2, 3)
    torch.testing.assert_close(found.vectors @ found.vectors.T, torch.eye(2), atol=1e-4, rtol=0)


def test_the_difference_of_two_sets_goes_from_mean_to_mean():
    first, second = torch.zeros(3, 2), torch.tensor([[3.0, 4.0], [3.0, 4.0]])
    found = difference(first, second)
    torch.testing.assert_close(found.step({0: 1.0}), torch.tensor([3.0, 4.0]))
    with pytest.raises(UsageError):
        difference(first, second[:0])


def test_steps_add_up_in_deviations():
    found = Directions(torch.eye(2), torch.tensor([2.0, 3.0]), "components")
    assert found.step({0: 1.5, 1: -1.0}).tolist() == [3.0, -3.0]
    with pytest.raises(UsageError, match="0 to 1"):
        found.step({2: 1.0})


def test_editing_decodes_moved_latents(linear):
    found = find_directions(linear, "factorisation", 2)
    z = linear.draw_latents(2)
    assert torch.equal(edit(linear, z, found, {0: 0.0}), linear.decode(z))
    moved = linear.decode(z + 2 * found.deviations[1] * found.vectors[1])
    torch.testing.assert_close(edit(linear, z, found, {1: 2.0}), moved)


def test_styles_are_moved_in_all_layers_and_mixed_by_layer(styled):
    part = styled.parts["generator"]
    z, other = styled.draw_latents(2, seed=1), styled.draw_latents(2, seed=2)
    found = find_directions(styled, "components", 1)
    moved = part.synthesise(part.styles(z) + found.step({0: 2.0}))
    torch.testing.assert_close(edit(styled, z, found, {0: 2.0}), moved)
    torch.testing.assert_close(edit(styled, part.styles(z), found, {0: 2.0}), moved)
    torch.testing.assert_close(mix_styles(styled, z, other, 2), styled.decode(z))
    torch.testing.assert_close(mix_styles(styled, z, other, 0), styled.decode(other))
    mixed = torch.stack([part.styles(z)[:, 0], part.styles(other)[:, 1]], dim=1)
    torch.testing.assert_close(mix_styles(styled, z, other, 1), synthesise(styled, mixed))


def test_a_model_without_styles_says_so():
    model = gan()
    z = model.draw_latents(1)
    with pytest.raises(CapabilityError, match="has no styles"):
        mix_styles(model, z, z, 1)
