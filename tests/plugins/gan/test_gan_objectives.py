"""Every objective: values at zero logits, who is trained by what, and what is refused."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
import torch
from objectives_by_hand import LinearDiscriminator, phases_of
from torch import Tensor, nn

from genzoo import (
    CapabilityError,
    Discriminator,
    OptimizerSettings,
    Phase,
    SampleSpec,
    Step,
    TrainingContext,
)
from genzoo_gan.configs import ConvGANConfig, DCGANConfig
from genzoo_gan.convgan import ConvGAN
from genzoo_gan.dcgan import DCGAN

Parts = Mapping[str, nn.Module]
MakeStep = Callable[..., Step]
Reduce = Callable[[Phase, Step], Tensor]


class ZeroDiscriminator(Discriminator):
    """Undecided on everything, yet with a parameter that gradients reach."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        return self.scale * x.flatten(1).sum(1)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("gan", {"discriminator": 2 * math.log(2), "generator": math.log(2)}),
        ("lsgan", {"discriminator": 0.5, "generator": 0.5}),
        ("hinge", {"discriminator": 2.0, "generator": 0.0}),
        ("wgan-gp", {"critic": 10.0, "generator": 0.0}),
        ("r3gan", {"penalty": 0.0, "discriminator": math.log(2), "generator": math.log(2)}),
        ("r3gan-every-step", {"discriminator": math.log(2), "generator": math.log(2)}),
    ],
)
def test_losses_of_an_undecided_discriminator(
    name: str,
    expected: Mapping[str, float],
    make_objective: Callable[..., Any],
    make_step: MakeStep,
    parts: Parts,
    reduce_terms: Reduce,
) -> None:
    step = make_step({**parts, "discriminator": ZeroDiscriminator()})
    losses = {
        phase.name: reduce_terms(phase, step).item() for phase in make_objective(name).phases()
    }
    assert losses == pytest.approx(expected)


def test_phases_train_their_own_player_alone(
    objective_name: str,
    make_objective: Callable[..., Any],
    make_step: MakeStep,
    parts: Parts,
    reduce_terms: Reduce,
) -> None:
    step = make_step(parts)
    for phase in make_objective(objective_name).phases():
        trained = {n: p for part in phase.trains for n, p in parts[part].named_parameters(part)}
        others = [
            p for n, part in parts.items() if n not in phase.trains for p in part.parameters()
        ]
        loss = reduce_terms(phase, step)
        loss.backward(inputs=list(trained.values()), retain_graph=True)
        assert all(parameter.grad is None for parameter in others)
        # The last bias shifts all logits alike: pairs and input gradients do not see it.
        moved = {name for name, parameter in trained.items() if parameter.grad is not None}
        assert set(trained) - moved <= {n for n in trained if n.endswith("bias")}
        assert any(trained[name].grad.abs().max() > 0 for name in moved)
        for parameter in trained.values():
            parameter.grad = None


def test_discriminator_phases_are_cut_off_from_the_generator(
    objective_name: str,
    make_objective: Callable[..., Any],
    make_step: MakeStep,
    parts: Parts,
    reduce_terms: Reduce,
) -> None:
    step = make_step(parts)
    generator = list(parts["generator"].parameters())
    for phase in make_objective(objective_name).phases():
        if phase.trains == ("discriminator",):
            loss = reduce_terms(phase, step)
            gradients = torch.autograd.grad(loss, generator, retain_graph=True, allow_unused=True)
            assert gradients == (None,) * len(generator)


def test_the_generator_raises_the_logits_of_its_fakes(
    objective_name: str, make_objective: Callable[..., Any], make_step: MakeStep, parts: Parts
) -> None:
    step = make_step(parts)
    phase = phases_of(make_objective(objective_name))["generator"]
    generator, discriminator = parts["generator"], parts["discriminator"]
    loss = next(iter(phase.loss(step).values())).mean()
    loss.backward(inputs=list(generator.parameters()))
    z = make_step(parts).latents()
    before = discriminator(generator(z)).mean().item()
    with torch.no_grad():
        for parameter in generator.parameters():
            parameter -= 0.1 * parameter.grad
    assert discriminator(generator(z)).mean().item() > before


@pytest.mark.parametrize("term", ["real", "fake", "pair"])
def test_the_discriminator_parts_real_from_fake(
    term: str,
    objective_name: str,
    make_objective: Callable[..., Any],
    make_step: MakeStep,
    parts: Parts,
) -> None:
    """One small move along a term raises real logits, lowers fake ones, or widens the gap."""
    step, discriminator = make_step(parts), parts["discriminator"]
    phases = [p for p in make_objective(objective_name).phases() if "discriminator" in p.trains]
    losses = [terms[term] for phase in phases if term in (terms := phase.loss(step))]
    if not losses:
        assert (term == "pair") is not objective_name.startswith("r3gan")
        return
    fake = parts["generator"](make_step(parts).latents()).detach()

    def gap() -> float:
        real_logits, fake_logits = discriminator(step.batch.x).mean(), discriminator(fake).mean()
        return (real_logits * (term != "fake") - fake_logits * (term != "real")).item()

    losses[0].mean().backward(inputs=list(discriminator.parameters()))
    before = gap()
    with torch.no_grad():
        for parameter in discriminator.parameters():
            parameter -= 0.01 * parameter.grad
    assert gap() > before


def test_one_draw_of_fakes_serves_both_players(
    make_objective: Callable[..., Any], make_step: MakeStep, parts: Parts
) -> None:
    for name in ("gan", "lsgan", "hinge", "r3gan", "r3gan-every-step"):
        calls: list[int] = []
        handle = parts["generator"].register_forward_hook(lambda *_, seen=calls: seen.append(1))
        step = make_step(parts)
        for phase in make_objective(name).phases():
            phase.loss(step)
        handle.remove()
        assert len(calls) == 1, name


def test_wgan_draws_fresh_fakes_for_the_generator(
    make_objective: Callable[..., Any], make_step: MakeStep, parts: Parts
) -> None:
    seen: list[Tensor] = []
    handle = parts["generator"].register_forward_hook(lambda _, args, __: seen.append(args[0]))
    step = make_step(parts)
    for phase in make_objective("wgan-gp").phases():
        phase.loss(step)
    handle.remove()
    assert len(seen) == 2
    assert not torch.equal(*seen)


def test_wgan_gp_repeats_a_critic_with_its_penalty(
    make_objective: Callable[..., Any], make_step: MakeStep, parts: Parts
) -> None:
    linear = LinearDiscriminator()
    critic, generator = make_objective("wgan-gp", n_critic=3, penalty=7.0).phases()
    assert (critic.repeat, critic.every, critic.optimizer_step, critic.second_order) == (
        3,
        1,
        True,
        True,
    )
    assert generator.repeat == 1
    terms = critic.loss(make_step({**parts, "discriminator": linear}))
    norm = linear.weight.square().sum().sqrt()
    assert terms["penalty"].weight == 7.0
    torch.testing.assert_close(terms["penalty"].value, (norm - 1).square().expand(6))


@pytest.mark.parametrize("name", ["wgan-gp", "r3gan", "r3gan-every-step"])
def test_penalties_refuse_a_discriminator_that_couples_its_batch(
    name: str, make_objective: Callable[..., Any], parts: Parts
) -> None:
    objective = make_objective(name)
    objective.check(parts)
    dcgan = DCGAN(DCGANConfig(width=4), SampleSpec(shape=(3, 16, 16)))
    with pytest.raises(CapabilityError, match="mixes the batch") as caught:
        objective.check(dcgan.build())
    assert name.removesuffix("-every-step") in caught.value.message
    assert "convgan or r3gan" in caught.value.hint


@pytest.mark.parametrize("name", ["gan", "lsgan", "hinge"])
def test_the_others_take_any_discriminator(
    name: str, make_objective: Callable[..., Any], make_step: MakeStep
) -> None:
    dcgan = DCGAN(DCGANConfig(latent_dim=8, width=4), SampleSpec(shape=(3, 16, 16))).build()
    objective = make_objective(name)
    objective.check(dcgan)
    step = make_step(dcgan)
    for phase in objective.phases():
        assert all(torch.isfinite(value).all() for value in phase.loss(step).values())


def test_real_and_fake_pass_separately(
    objective_name: str, make_objective: Callable[..., Any], make_step: MakeStep, parts: Parts
) -> None:
    sizes: list[int] = []
    handle = parts["discriminator"].register_forward_hook(
        lambda _, args, __: sizes.append(len(args[0]))
    )
    step = make_step(parts)
    for phase in make_objective(objective_name).phases():
        phase.loss(step)
    handle.remove()
    assert set(sizes) == {6}


def test_fakes_carry_the_labels_of_the_batch(
    objective_name: str, make_objective: Callable[..., Any], make_step: MakeStep
) -> None:
    sample = SampleSpec(shape=(3, 16, 16), classes=("a", "b", "c"))
    parts = ConvGAN(ConvGANConfig(latent_dim=8, width=4), sample).build()
    labels = torch.tensor([0, 1, 2, 2, 1, 0])
    seen: list[Tensor] = []
    for part in parts.values():
        part.register_forward_hook(lambda _, args, __: seen.append(args[1]))
    step = make_step(parts, labels)
    for phase in make_objective(objective_name).phases():
        phase.loss(step)
    assert seen
    assert all(given is labels for given in seen)


def test_small_data_is_augmented(
    objective_name: str,
    make_objective: Callable[..., Any],
    make_step: MakeStep,
    parts: Parts,
    context: TrainingContext,
) -> None:
    few = replace(context, data_count=4999)
    for objective, differs in (
        (make_objective(objective_name), False),
        (make_objective(objective_name, few), True),
        (make_objective(objective_name, few, augment="none"), False),
    ):
        step = make_step(parts)
        assert torch.equal(objective.real(step), step.batch.x) is not differs
        plain = parts["generator"](make_step(parts).latents())
        assert torch.equal(objective.fake(step), plain) is not differs


def test_augmentation_lets_gradients_reach_the_generator(
    objective_name: str, make_objective: Callable[..., Any], make_step: MakeStep, parts: Parts
) -> None:
    objective = make_objective(objective_name, augment="color,translation,cutout")
    loss = next(iter(phases_of(objective)["generator"].loss(make_step(parts)).values())).mean()
    gradients = torch.autograd.grad(loss, list(parts["generator"].parameters()))
    assert all(gradient.abs().max() > 0 for gradient in gradients)


def test_a_step_is_a_function_of_its_identity(
    objective_name: str,
    make_objective: Callable[..., Any],
    make_step: MakeStep,
    parts: Parts,
    reduce_terms: Reduce,
) -> None:
    objective = make_objective(objective_name, augment="color,translation,cutout")
    parts["generator"].eval()
    state = torch.get_rng_state()
    first, second = (
        [reduce_terms(phase, step).item() for phase in objective.phases()]
        for step in (make_step(parts), make_step(parts))
    )
    assert first == second
    assert torch.equal(torch.get_rng_state(), state)


def test_first_order_phases_run_in_half_precision(
    objective_name: str,
    make_objective: Callable[..., Any],
    make_step: MakeStep,
    parts: Parts,
    reduce_terms: Reduce,
) -> None:
    """As the trainer runs them: penalties in float32, losses in float32 on bfloat16 logits."""
    objective = make_objective(objective_name, augment="color,translation,cutout")
    exact, mixed = make_step(parts), make_step(parts)
    for phase in objective.phases():
        expected = reduce_terms(phase, exact).item()
        with torch.autocast("cpu", torch.bfloat16, enabled=not phase.second_order):
            loss = reduce_terms(phase, mixed)
        assert loss.item() == pytest.approx(expected, rel=0.02, abs=0.02)
        trained = [p for part in phase.trains for p in parts[part].parameters()]
        gradients = torch.autograd.grad(loss, trained, retain_graph=True, allow_unused=True)
        assert all(g.isfinite().all() for g in gradients if g is not None)


def test_monitors(
    objective_name: str, make_objective: Callable[..., Any], make_step: MakeStep, parts: Parts
) -> None:
    step = make_step(parts)
    for phase in make_objective(objective_name).phases():
        phase.loss(step)
    assert set(step.reported) == {"real_logits", "fake_logits", "separation"}
    assert not any(value.requires_grad for value in step.reported.values())


def test_optimizer_settings(make_objective: Callable[..., Any]) -> None:
    objective = make_objective("gan", learning_rate=1e-3, discriminator_learning_rate=4e-3)
    assert objective.optimizer("generator") == OptimizerSettings(1e-3, (0.5, 0.999))
    assert objective.optimizer("discriminator") == OptimizerSettings(4e-3, (0.5, 0.999))
    assert make_objective("wgan-gp").optimizer("discriminator") == OptimizerSettings(
        1e-4, (0.0, 0.9)
    )
    assert make_objective("r3gan").optimizer("generator") == OptimizerSettings(2e-4, (0.0, 0.99))


def test_augmentation_is_refused_for_what_is_no_image(make_objective, context):
    points = replace(context, sample=SampleSpec(kind="points", shape=(2,)), data_count=10)
    assert make_objective("gan", points).augment.operations == ()
    for policy in ("cutout", "ada"):
        with pytest.raises(CapabilityError, match="made for images"):
            make_objective("gan", points, augment=policy)
