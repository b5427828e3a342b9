"""DCGAN generators of the usual tutorial, saved in the usual ways, become models that agree."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from genzoo import ArtifactError, Blueprint, ConfigError, Model, SampleSpec
from genzoo.artifact.load import load_model
from genzoo.media.registered_kinds import find_kind
from genzoo.model.build import build_model
from genzoo.records import ArchitectureSpec
from genzoo.registry import Registry
from genzoo_gan.infer_options import infer_generator
from genzoo_import.convert import find_weights, write_model

WIDTH, LATENT = 8, 20


class Tutorial(nn.Module):
    """The generator that tutorials print, at 64 pixels unless told otherwise."""

    def __init__(self, scales: tuple[int, ...] = (8, 4, 2, 1), channels: int = 3) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = LATENT
        for number, scale in enumerate(scales):
            stride, padding = (1, 0) if number == 0 else (2, 1)
            after = scale * WIDTH
            layers.append(nn.ConvTranspose2d(before, after, 4, stride, padding, bias=False))
            layers += [nn.BatchNorm2d(after), nn.ReLU(True)]
            before = after
        last = nn.ConvTranspose2d(before, channels, 4, 2, 1, bias=False)
        self.main = nn.Sequential(*layers, last, nn.Tanh())

    def forward(self, z: Tensor) -> Tensor:
        return self.main(z[:, :, None, None])


def discriminator() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(3, WIDTH, 4, 2, 1, bias=False),
        nn.LeakyReLU(0.2),
        nn.Conv2d(WIDTH, 2 * WIDTH, 4, 2, 1, bias=False),
        nn.BatchNorm2d(2 * WIDTH),
        nn.Flatten(),
        nn.LazyLinear(1),
    )


def trained(network: Tutorial) -> tuple[Tutorial, dict[str, object]]:
    """The network after a few steps, and a checkpoint of it as such scripts write them."""
    critic = discriminator()
    critic(torch.zeros(1, *network(torch.zeros(2, LATENT)).shape[1:]).expand(2, 3, -1, -1))
    adam = torch.optim.Adam(network.parameters(), lr=0.01)
    for _ in range(3):
        adam.zero_grad()
        (-critic(network(torch.randn(4, LATENT)).expand(-1, 3, -1, -1)).mean()).backward()
        adam.step()
    checkpoint = {
        "epoch": 3,
        "netG": network.state_dict(),
        "netD": critic.state_dict(),
        "optimizerG": adam.state_dict(),
    }
    return network.eval(), checkpoint


def imported(
    content: object, architecture: str, registry: Registry, folder: Path, **settings: bool
) -> Model:
    path = folder / "netG.pth"
    torch.save(content, path, **settings)
    wish = Blueprint(
        registry=registry,
        entry=registry[ArchitectureSpec].find(architecture),
        kind=find_kind(registry, "image"),
        parts=("generator",),
    )
    write_model(find_weights(path, wish), folder / "out")
    return load_model(folder / "out", registry)


def agree(model: Model, network: Tutorial) -> None:
    z = torch.randn(5, LATENT)
    with torch.no_grad():
        torch.testing.assert_close(model.decode(z), network(z), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("architecture", ["dcgan", "convgan"])
def test_the_tutorials_generator(architecture: str, bundled: Registry, tmp_path: Path) -> None:
    network, checkpoint = trained(Tutorial())
    model = imported(checkpoint["netG"], architecture, bundled, tmp_path)
    assert model.sample_spec.shape == (3, 64, 64)
    config = model.architecture.config.model_dump()
    assert (config["latent_dim"], config["width"]) == (LATENT, WIDTH)
    agree(model, network)


def test_a_checkpoint_of_everything_from_several_devices(bundled: Registry, tmp_path: Path) -> None:
    network, checkpoint = trained(Tutorial())
    state = {f"module.{name}": tensor for name, tensor in network.state_dict().items()}
    agree(imported({**checkpoint, "netG": state}, "dcgan", bundled, tmp_path), network)


def test_an_old_file_of_another_size_in_grey(bundled: Registry, tmp_path: Path) -> None:
    network, _ = trained(Tutorial(scales=(4, 2, 1), channels=1))
    state = {name: t for name, t in network.state_dict().items() if "num_batches" not in name}
    model = imported(state, "dcgan", bundled, tmp_path, _use_new_zipfile_serialization=False)
    assert model.sample_spec.shape == (1, 32, 32)
    agree(model, network)


@pytest.mark.parametrize("classes", [(), ("cat", "dog")])
def test_its_own_weights_tell_all_options(classes: tuple[str, ...], bundled: Registry) -> None:
    config, sample = {"latent_dim": 30, "width": 4}, SampleSpec(shape=(1, 32, 32), classes=classes)
    state = build_model(bundled, "dcgan", sample, config).parts["generator"].state_dict()
    shapes = {name: tuple(tensor.shape) for name, tensor in state.items()}
    assert infer_generator(shapes) == {**config, "size": 32, "channels": 1}


def test_widths_that_dcgan_does_not_have(bundled: Registry, tmp_path: Path) -> None:
    network = Tutorial(scales=(8, 4, 4, 1))
    with pytest.raises(ArtifactError, match=r"does not fit dcgan: .* missing \(layers"):
        imported(network.state_dict(), "dcgan", bundled, tmp_path)


def test_more_channels_than_images_have(bundled: Registry, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'channels' of the data does not accept 7"):
        imported(Tutorial(channels=7).state_dict(), "dcgan", bundled, tmp_path)


def test_a_discriminator_is_no_generator(bundled: Registry, tmp_path: Path) -> None:
    _, checkpoint = trained(Tutorial())
    with pytest.raises(ArtifactError, match="does not fit dcgan"):
        imported(checkpoint["netD"], "dcgan", bundled, tmp_path)


def test_shapes_of_anything_else_tell_nothing() -> None:
    assert infer_generator({}) == {}
    assert infer_generator({"w": (3, 4), "b": ()}) == {}
    assert infer_generator({"a": (8, 3, 4, 4), "b": (16, 8, 4, 4)}) == {}
    assert infer_generator({str(number): (4, 4, 4, 4) for number in range(9_999)}) == {}
