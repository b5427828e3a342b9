"""Adversarial training that begins with weights: other sizes, warm-up, frozen layers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch

import genzoo
from genzoo import CapabilityError, SampleSpec, TrainingContext
from genzoo_gan.configs import ConvGANConfig, DCGANConfig, HingeConfig, R3GANConfig
from genzoo_gan.conv_stacks import ConvStackArchitecture
from genzoo_gan.convgan import ConvGAN
from genzoo_gan.dcgan import DCGAN
from genzoo_gan.objectives.adversarial import WARM_UP_STEPS
from genzoo_gan.objectives.hinge import HingeGAN
from genzoo_gan.r3gan import R3GAN

SMALL, LARGE = SampleSpec(shape=(3, 16, 16)), SampleSpec(shape=(3, 32, 32))


def bound(
    kind: type[ConvStackArchitecture], width: int, sample: SampleSpec
) -> ConvStackArchitecture:
    config = ConvGANConfig if kind is ConvGAN else DCGANConfig
    return kind(config(latent_dim=8, width=width), sample)


@pytest.mark.parametrize("kind", [ConvGAN, DCGAN])
@pytest.mark.parametrize("grows", [True, False])
def test_inner_stages_go_to_a_model_of_another_size(
    kind: type[ConvStackArchitecture], grows: bool
) -> None:
    before, after = bound(kind, 8, SMALL), bound(kind, 4, LARGE)
    if not grows:
        before, after = after, before
    source, target = before.build(), after.build()
    for part in source:
        found = source[part].state_dict()
        carried = after.inherited(part, found, before)
        expected = target[part].state_dict()
        assert len(carried) >= min(len(found), len(expected)) - 8
        for name, tensor in carried.items():
            assert expected[name].shape == tensor.shape, f"{part}.{name}"


def test_the_grown_generator_makes_the_same_inner_features() -> None:
    before, after = bound(ConvGAN, 8, SMALL), bound(ConvGAN, 4, LARGE)
    source, target = before.build()["generator"].eval(), after.build()["generator"].eval()
    carried = after.inherited("generator", source.state_dict(), before)
    target.load_state_dict({**target.state_dict(), **carried})
    inner: dict[str, torch.Tensor] = {}
    for name, network in (("source", source), ("target", target)):
        network.layers[4].register_forward_hook(
            lambda _, __, output, name=name: inner.update({name: output.clone()})
        )
        network(torch.ones(2, 8))
    assert torch.equal(inner["source"], inner["target"])


def test_the_width_halves_where_the_size_doubles() -> None:
    adapted = ConvGAN.adapted_config({"latent_dim": 8, "width": 48}, SMALL, LARGE)
    assert adapted == {"latent_dim": 8, "width": 24}
    assert ConvGAN.adapted_config({"width": 6}, SMALL, LARGE) == {"width": 6}


def test_a_generator_that_gets_classes_ignores_them_at_first() -> None:
    before = bound(ConvGAN, 4, SMALL)
    after = bound(ConvGAN, 4, SMALL.model_copy(update={"classes": ("a", "b")}))
    source, target = before.build()["generator"].eval(), after.build()["generator"].eval()
    carried = after.inherited("generator", source.state_dict(), before)
    target.load_state_dict({**target.state_dict(), **carried})
    z = torch.randn(3, 8)
    torch.testing.assert_close(target(z, torch.tensor([0, 1, 1])), source(z))


def context(inherited: tuple[str, ...]) -> TrainingContext:
    architecture = bound(ConvGAN, 4, SMALL)
    return TrainingContext(architecture.sample, architecture.latent, 10_000, 6, 100, inherited)


@pytest.mark.parametrize(
    ("given", "inherited", "waits"),
    [
        (None, (), 0),
        (None, ("generator",), WARM_UP_STEPS),
        (None, ("generator", "discriminator"), 0),
        (7, (), 7),
        (0, ("generator",), 0),
    ],
)
def test_the_generator_waits_for_a_discriminator_that_begins_anew(
    given: int | None, inherited: tuple[str, ...], waits: int
) -> None:
    objective = HingeGAN(HingeConfig(warm_up_discriminator=given), context(inherited))
    judging, making = objective.phases()
    assert judging.when(0)
    assert [making.when(step) for step in (waits - 1, waits)] == [False, True]


def test_frozen_layers_are_those_next_to_the_image() -> None:
    parts = bound(ConvGAN, 4, SMALL).build()
    both = ("generator", "discriminator")
    HingeGAN(HingeConfig(freeze_discriminator=2), context(both)).check(parts)
    frozen = {n for n, p in parts["discriminator"].named_parameters() if not p.requires_grad}
    assert frozen == {"layers.0.weight", "layers.0.bias", "layers.2.weight", "layers.2.bias"}


@pytest.mark.parametrize(
    "build", [bound(DCGAN, 4, SMALL).build, R3GAN(R3GANConfig(width=8), SMALL).build]
)
def test_stages_hold_each_parameter_but_the_last_ones_once(build: object) -> None:
    discriminator = build()["discriminator"]  # type: ignore[operator]
    held = [id(p) for stage in discriminator.stages() for p in stage.parameters()]
    assert len(held) == len(set(held))
    rest = {n for n, p in discriminator.named_parameters() if id(p) not in held}
    assert rest <= {"last.weight"}


def test_freezing_what_begins_anew_or_everything_is_refused() -> None:
    with pytest.raises(CapabilityError, match="untrained"):
        HingeGAN(HingeConfig(freeze_discriminator=1), context(("generator",)))
    objective = HingeGAN(HingeConfig(freeze_discriminator=3), context(("discriminator",)))
    with pytest.raises(CapabilityError, match="cannot be frozen"):
        objective.check(bound(ConvGAN, 4, SMALL).build())


def weights(run: Path, part: str) -> Mapping[str, torch.Tensor]:
    from safetensors.torch import load_file

    newest = sorted((run / "checkpoints").iterdir())[-1]
    return load_file(newest / f"part.{part}.safetensors")


def test_a_run_moves_neither_a_waiting_generator_nor_frozen_layers(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 255, (24, 16, 16, 3), dtype=np.uint8)
    settings = {"batch_size": 8, "device": "cpu", "precision": "fp32", "steps": 2}
    config = {"width": 4, "latent_dim": 8}
    genzoo.train("convgan", images, tmp_path / "a", config=config, **settings)
    goal = {"warm_up_discriminator": 2, "freeze_discriminator": 1}
    genzoo.train(
        None,
        images,
        tmp_path / "b",
        start_from=tmp_path / "a",
        objective_config=goal,
        **settings,
    )
    for name, parameter in weights(tmp_path / "b", "generator").items():
        if "running" not in name and "num_batches" not in name:
            assert torch.equal(parameter, weights(tmp_path / "a", "generator")[name])
    before, after = (
        weights(tmp_path / "a", "discriminator"),
        weights(tmp_path / "b", "discriminator"),
    )
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    # The loss of pairs leaves a bias of all logits where it is.
    assert moved == {n for n in before if not n.startswith("layers.0.")} - {"last.bias"}
