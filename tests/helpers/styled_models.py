"""Small generators, one of them with styles."""

import torch
from torch import nn

import genzoo
from genzoo.interfaces.networks import StyleGenerator
from genzoo.model.model import Model


def gan(classes=()):
    """A convgan that has learnt nothing."""
    return genzoo.build("convgan", size=16, classes=classes, config={"width": 8, "latent_dim": 4})


class Styled(StyleGenerator):
    """Two layers: each adds what it makes of its style."""

    style_count, style_dim = 2, 3

    def __init__(self):
        super().__init__()
        self.mapping = nn.Linear(4, 3)
        self.affine = nn.ModuleList([nn.Linear(3, 3 * 16 * 16) for _ in range(2)])

    def forward(self, z, labels=None):
        return self.synthesise(self.styles(z, labels))

    def styles(self, z, labels=None, truncation=1.0, truncated_layers=None):
        return self.mapping(z)[:, None].expand(-1, 2, -1)

    def synthesise(self, styles, noise=None):
        made = sum(layer(styles[:, n]) for n, layer in enumerate(self.affine))
        return torch.tanh(made).view(-1, 3, 16, 16)


def styled_gan():
    """A GAN with styles."""
    plain = gan()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        part = Styled().requires_grad_(False)
    return Model(plain.architecture_name, plain.architecture, {"generator": part}, kind=plain.kind)
