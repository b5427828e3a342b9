"""StyleGANs that others saved become models, and say what in a file is not understood."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest
import torch
from nvidia_pickles import Persistent, dumped, network_record, nvidia_pickle, port_names
from safetensors.torch import load_file
from torch import Tensor, nn

import genzoo
from genzoo import ArtifactError, SampleSpec, UsageError
from genzoo_gan.stylegan.configs import StyleConfig, StyleGAN2Config, StyleGAN3Config
from genzoo_gan.stylegan.configs import StyleGAN3RConfig as RotationConfig
from genzoo_gan.stylegan.stylegan2 import StyleArchitecture, StyleGAN2
from genzoo_gan.stylegan.stylegan3 import StyleGAN3R, StyleGAN3T
from genzoo_import.checkpoints import Checkpoint, find_checkpoint, write_checkpoint

SHARED: dict[str, Any] = {
    "latent_dim": 4,
    "style_dim": 5,
    "channel_max": 8,
    "conv_clamp": 256.0,
    "style_decay": 0.75,
    "discriminator_channel_max": 8,
}
SKIP = StyleGAN2Config(**SHARED, channel_base=64, discriminator_channel_base=32, mapping_layers=3)
RESIDUAL = StyleGAN2Config(
    **SHARED, channel_base=64, discriminator_channel_base=64, synthesis="resnet"
)
TRANSLATION = StyleGAN3Config(**SHARED, channel_base=32, discriminator_channel_base=64, layers=4)
ROTATION = RotationConfig(**SHARED, channel_base=64, discriminator_channel_base=64, layers=4)
CASES: dict[str, tuple[type[StyleArchitecture], StyleConfig, tuple[str, ...]]] = {
    "skip": (StyleGAN2, SKIP, ("0", "1", "2")),
    "resnet": (StyleGAN2, RESIDUAL, ()),
    "translation": (StyleGAN3T, TRANSLATION, ()),
    "rotation": (StyleGAN3R, ROTATION, ()),
}


def built(name: str) -> tuple[StyleArchitecture, dict[str, nn.Module]]:
    kind, config, classes = CASES[name]
    architecture = kind(config, SampleSpec(shape=(3, 16, 16), classes=classes))
    torch.manual_seed(0)
    parts = dict(architecture.build())
    with torch.no_grad():
        parts["generator"].mapping.w_avg.normal_()
    return architecture, {part: network.eval() for part, network in parts.items()}


def found(content: bytes, folder: Path, **options: Any) -> Checkpoint:
    (folder / "network.pkl").write_bytes(content)
    return find_checkpoint(folder / "network.pkl", **options)


@pytest.mark.parametrize("name", CASES)
def test_a_pickle_says_all_that_its_model_is(name: str, tmp_path: Path) -> None:
    architecture, parts = built(name)
    checkpoint = found(nvidia_pickle(parts, architecture), tmp_path)
    assert checkpoint.blueprint.entry.record.name == architecture.name
    assert checkpoint.blueprint.config_class(**checkpoint.foreign.config) == architecture.config
    assert checkpoint.blueprint.classes == architecture.sample.classes
    assert checkpoint.blueprint.options["size"] == 16
    discriminator = checkpoint.foreign.train["part.discriminator"]
    for key, tensor in parts["discriminator"].state_dict().items():
        torch.testing.assert_close(discriminator[key], tensor, atol=0, rtol=0)


@pytest.mark.parametrize("name", ["skip", "rotation"])
def test_the_model_makes_the_same_images_and_its_card_names_the_owner(
    name: str, tmp_path: Path
) -> None:
    architecture, parts = built(name)
    checkpoint = found(nvidia_pickle(parts, architecture), tmp_path)
    write_checkpoint(checkpoint, tmp_path / "model")
    model = genzoo.load(tmp_path / "model")
    z = torch.randn(2, 4, generator=torch.Generator().manual_seed(1))
    labels = torch.tensor([0, 2]) if architecture.sample.classes else None
    generator = parts["generator"]
    with torch.no_grad():
        expected = generator.synthesise(generator.styles(z, labels)).clamp(-1, 1)
    torch.testing.assert_close(model.decode(z, labels), expected, atol=1e-5, rtol=1e-5)
    train = load_file(tmp_path / "model/train/part.discriminator.safetensors")
    assert train.keys() == parts["discriminator"].state_dict().keys()
    card = (tmp_path / "model/README.md").read_text()
    assert "network.pkl" in card
    assert checkpoint.sha256 in card
    assert "their owner's" in card


def test_truncated_layers_change_samples_of_the_command_line(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from genzoo.cli.main import main

    architecture, parts = built("resnet")
    write_checkpoint(found(nvidia_pickle(parts, architecture), tmp_path), tmp_path / "model")
    made = []
    for layers in ("0", "2", "8"):
        out = tmp_path / f"{layers}.png"
        words = ["sample", str(tmp_path / "model"), "-n", "2", "-o", str(out)]
        words += ["--truncation", "0.3", "--truncated-layers", layers]
        done = CliRunner().invoke(main, words)
        assert done.exit_code == 0, done.output
        made.append(out.read_bytes())
    assert len(set(made)) == 3


def change(parts: dict[str, nn.Module], architecture: StyleArchitecture, *path: str) -> Any:
    """The records of a pickle, and the state of the one at `path` in its average."""
    average = network_record(parts["generator"], architecture)
    state = average.meta["state"]
    for name in path:
        state = state["_modules"][name].meta["state"]
    return average, state


@pytest.mark.parametrize(
    ("path", "key", "value", "message"),
    [
        (("synthesis",), "_modules", None, "record G_ema.synthesis is not understood"),
        (("mapping", "fc0"), "bias_gain", 1.0, "record G_ema.mapping.fc0 .* learning rate"),
        (("mapping",), "num_layers", "three", "record G_ema.mapping .* not a whole number"),
        (("synthesis", "b8", "conv0"), "use_noise", False, "record G_ema.synthesis.b8.conv0"),
        ((), "img_resolution", -3, "record G_ema .* sizes make no sense"),
    ],
)
def test_the_record_that_is_not_understood_is_named(
    tmp_path: Path, path: tuple[str, ...], key: str, value: Any, message: str
) -> None:
    architecture, parts = built("skip")
    average, state = change(parts, architecture, *path)
    state[key] = value
    with pytest.raises(ArtifactError, match=message):
        found(dumped({"G_ema": average}), tmp_path)


def test_another_class_is_named(tmp_path: Path) -> None:
    architecture, parts = built("skip")
    average, _ = change(parts, architecture)
    average.meta["state"]["_modules"]["synthesis"].meta["class_name"] = "Transformer"
    with pytest.raises(ArtifactError, match=r"G_ema\.synthesis .* its class is Transformer"):
        found(dumped({"G_ema": average}), tmp_path)


def test_a_class_whose_name_is_not_text_is_not_written_out(tmp_path: Path) -> None:
    architecture, parts = built("skip")
    average, _ = change(parts, architecture)
    laughs: list[Any] = []
    for _ in range(60):
        laughs = [laughs, laughs]
    average.meta["state"]["_modules"]["synthesis"].meta["class_name"] = laughs
    with pytest.raises(ArtifactError, match=r"G_ema\.synthesis .* its class has no name"):
        found(dumped({"G_ema": average}), tmp_path)


@pytest.mark.parametrize("name", ["skip", "translation"])
def test_another_filter_is_named(tmp_path: Path, name: str) -> None:
    architecture, parts = built(name)
    second = [*dict(parts["generator"].synthesis.named_children()), "", "", ""][2]
    path, key = {
        "skip": (("synthesis", "b8", "conv0"), "resample_filter"),
        "translation": (("synthesis", second), "up_filter"),
    }[name]
    average, state = change(parts, architecture, *path)
    state["_buffers"][key] = torch.ones(4, 4)
    with pytest.raises(ArtifactError, match=rf"{'.'.join(path)} .* {key} is another"):
        found(dumped({"G_ema": average}), tmp_path)


def test_a_discriminator_that_is_not_understood_is_left_out_and_said(tmp_path: Path) -> None:
    architecture, parts = built("skip")
    other: Persistent = network_record(parts["discriminator"], architecture)
    other.meta["state"]["_modules"]["b4"].meta["class_name"] = "Transformer"
    average = network_record(parts["generator"], architecture)
    checkpoint = found(dumped({"G_ema": average, "D": other}), tmp_path)
    assert not checkpoint.foreign.train
    assert "record D.b4 is not understood" in checkpoint.foreign.notes["discriminator"]


def test_classes_are_named_by_the_user(tmp_path: Path) -> None:
    architecture, parts = built("skip")
    content = nvidia_pickle(parts, architecture)
    named = found(content, tmp_path, classes=("cat", "dog", "fox"))
    assert named.blueprint.classes == ("cat", "dog", "fox")
    with pytest.raises(UsageError, match="of 3 classes, not of 2"):
        found(content, tmp_path, classes=("cat", "dog"))


def port_checkpoint(**others: Any) -> tuple[dict[str, Tensor], dict[str, Any]]:
    config = StyleGAN2Config(latent_dim=5, style_dim=5, channel_base=64, channel_max=8)
    torch.manual_seed(0)
    generator = StyleGAN2(config, SampleSpec(shape=(3, 16, 16))).build()["generator"]
    state = generator.state_dict()
    names = port_names(state, 3)
    kernel = torch.tensor([1.0, 3.0, 3.0, 1.0])
    names["convs.0.conv.blur.kernel"] = kernel[:, None] * kernel / 16
    return state, {"g_ema": names, "args": Namespace(size=16, latent=5), **others}


def test_a_checkpoint_of_the_port_becomes_the_same_weights(tmp_path: Path) -> None:
    mean = torch.arange(5.0)
    state, content = port_checkpoint(latent_avg=mean)
    torch.save(content, tmp_path / "port.pt")
    checkpoint = find_checkpoint(tmp_path / "port.pt")
    state["mapping.w_avg"] = mean
    expected = {f"generator.{name}": tensor for name, tensor in state.items()}
    assert checkpoint.foreign.weights.keys() == expected.keys()
    for name, tensor in checkpoint.foreign.weights.items():
        torch.testing.assert_close(tensor, expected[name], atol=0, rtol=0)
    write_checkpoint(checkpoint, tmp_path / "model")
    assert genzoo.load(tmp_path / "model").sample(2).shape == (2, 3, 16, 16)


def test_a_mean_style_that_the_file_lacks_is_taken_over_many_latents(tmp_path: Path) -> None:
    state, content = port_checkpoint()
    torch.save(content, tmp_path / "port.pt")
    checkpoint = find_checkpoint(tmp_path / "port.pt")
    mean = checkpoint.foreign.weights["generator.mapping.w_avg"]
    mapping = (
        StyleGAN2(StyleGAN2Config(latent_dim=5, style_dim=5), SampleSpec(shape=(3, 16, 16)))
        .build()["generator"]
        .mapping
    )
    names = {name: tensor for name, tensor in state.items() if name.startswith("mapping.")}
    mapping.load_state_dict({name.removeprefix("mapping."): each for name, each in names.items()})
    z = torch.randn(20_000, 5, generator=torch.Generator().manual_seed(7))
    torch.testing.assert_close(mean, mapping(z, None).mean(0).detach(), atol=0.05, rtol=0.0)
    assert "10,000 latents" in checkpoint.foreign.notes["mean_style"]


def test_a_record_that_holds_itself_is_refused(tmp_path: Path) -> None:
    architecture, parts = built("skip")
    average, _ = change(parts, architecture)
    mapping = average.meta["state"]["_modules"]["mapping"]
    mapping.meta["state"]["_modules"]["again"] = mapping
    with pytest.raises(ArtifactError, match=r"over 2,000 parts|deep"):
        found(dumped({"G_ema": average}), tmp_path)


def test_a_tensor_that_is_shared_by_many_is_refused(tmp_path: Path) -> None:
    architecture, parts = built("skip")
    average, state = change(parts, architecture, "mapping")
    shared = torch.ones(100_000)
    state["_buffers"].update({f"t{index}": shared for index in range(50)})
    with pytest.raises(ArtifactError, match="share so much"):
        found(dumped({"G_ema": average}), tmp_path)


def test_a_network_of_tensorflow_is_told_what_to_do(tmp_path: Path) -> None:
    content = b"cdnnlib.tflib.network\nNetwork\n)\x81}b\x85."
    with pytest.raises(ArtifactError, match="networks of TensorFlow") as caught:
        found(b"\x80\x02" + content, tmp_path)
    assert "legacy.py" in str(caught.value.hint)


def test_a_tensor_of_the_port_that_no_layer_has_is_named(tmp_path: Path) -> None:
    _, content = port_checkpoint()
    content["g_ema"]["attention.weight"] = torch.ones(2)
    torch.save(content, tmp_path / "port.pt")
    with pytest.raises(ArtifactError, match=r"g_ema\.attention\.weight is not understood"):
        find_checkpoint(tmp_path / "port.pt")
