"""The phase engine: isolation, order, sharing, accumulation and lazy phases."""

import pytest
import torch
from torch import nn

from genzoo.errors import PluginError
from genzoo.fast_convolutions.shared_weights import shared_weight
from genzoo.interfaces.objective import Phase, Term
from genzoo.interfaces.prior import StandardNormal
from genzoo.interfaces.training_step import Batch, Step
from genzoo.specs import LatentSpec
from genzoo.training.phase_runner import PhaseEngine

PRIOR = StandardNormal(LatentSpec(shape=(3,)))


def step(parts, x=None, index=0, identity=(0,)):
    x = torch.ones(4, 3) if x is None else x
    return Step(index=index, total=10, batch=Batch(x), parts=parts, prior=PRIOR, identity=identity)


def linear_parts(*names):
    torch.manual_seed(0)
    return {name: nn.Linear(3, 3, bias=False) for name in names}


def sgd(parts, learning_rate=1.0):
    return {
        name: torch.optim.SGD(part.parameters(), lr=learning_rate) for name, part in parts.items()
    }


def weights(part):
    return part.weight.detach().clone()


def squares(name):
    return lambda step: {"square": step.part(name)(step.batch.x).square().sum(1)}


def test_a_phase_moves_only_what_it_trains():
    parts = linear_parts("a", "b")
    before = weights(parts["b"])
    through_both = Phase("a", ("a",), lambda s: {"l": s.part("b")(s.part("a")(s.batch.x)).sum(1)})
    PhaseEngine([through_both], parts, sgd(parts)).run(0, lambda: [step(parts)])
    assert torch.equal(parts["b"].weight, before)
    assert parts["b"].weight.grad is None


def test_a_phase_leaves_other_gradients_bit_unchanged():
    parts = linear_parts("a", "b")
    marker = torch.full((3, 3), 7.0)
    parts["b"].weight.grad = marker.clone()
    phase = Phase("a", ("a",), lambda s: {"l": s.part("b")(s.part("a")(s.batch.x)).sum(1)})
    PhaseEngine([phase], parts, sgd({"a": parts["a"]})).run(0, lambda: [step(parts)])
    assert torch.equal(parts["b"].weight.grad, marker)


def test_terms_are_averaged_over_samples_weighted_and_summed():
    parts = linear_parts("a")
    x = torch.arange(12.0).view(4, 3)
    before = weights(parts["a"])

    def loss(s):
        y = s.part("a")(s.batch.x).sum(1)
        return {"plain": y, "weighted": Term(y, 0.5)}

    engine = PhaseEngine([Phase("a", ("a",), loss)], parts, sgd(parts))
    engine.run(0, lambda: [step(parts, x)])
    expected = before - 1.5 * x.mean(0).expand(3, 3)
    torch.testing.assert_close(parts["a"].weight.detach(), expected)
    means = engine.meter.read()
    assert means["a/plain"] == pytest.approx((x @ before.T).sum(1).mean().item(), rel=1e-5)
    assert means["a/plain"] == means["a/weighted"], "the log shows terms without their weights"


def test_what_a_phase_reports_of_a_shared_batch_is_logged_as_its_own_alone():
    parts = linear_parts("a", "b")

    def first(s):
        s.report("seen", torch.tensor([1.0, 3.0]))
        return squares("a")(s)

    phases = [Phase("first", ("a",), first), Phase("second", ("b",), squares("b"))]
    engine = PhaseEngine(phases, parts, sgd(parts))
    engine.run(0, lambda: [step(parts)])
    means = engine.meter.read()
    assert set(means) == {"first/square", "first/seen", "second/square"}
    assert means["first/seen"] == 2.0


def test_the_mean_of_values_in_half_precision_is_not_rounded_to_it():
    parts = linear_parts("a")
    # The numbers of bfloat16 after 1 are 1 + 1/128 and so on.
    values = torch.tensor([1.0, 1.0078125], dtype=torch.bfloat16)

    def loss(s):
        return {"half": values * (1 + 0 * s.part("a").weight.sum()).bfloat16()}

    engine = PhaseEngine([Phase("a", ("a",), loss)], parts, sgd(parts))
    engine.run(0, lambda: [step(parts)])
    assert engine.meter.read()["a/half"] == 1.00390625


def test_a_lazy_phase_is_due_every_kth_step_with_k_times_the_gradient():
    parts = linear_parts("a")
    engine = PhaseEngine([Phase("a", ("a",), squares("a"), every=3)], parts, sgd(parts, 0.01))
    moved = []
    for index in range(7):
        before = weights(parts["a"])
        engine.run(index, lambda: [step(parts)])
        moved.append(not torch.equal(parts["a"].weight, before))
    assert moved == [True, False, False, True, False, False, True]

    lazy, eager = linear_parts("a"), linear_parts("a")
    PhaseEngine([Phase("a", ("a",), squares("a"), every=3)], lazy, sgd(lazy, 0.01)).run(
        0, lambda: [step(lazy)]
    )
    PhaseEngine([Phase("a", ("a",), squares("a"))], eager, sgd(eager, 0.03)).run(
        0, lambda: [step(eager)]
    )
    torch.testing.assert_close(lazy["a"].weight, eager["a"].weight)


def test_repeats_draw_fresh_batches_and_the_first_move_uses_the_steps_own():
    parts = linear_parts("a", "b")
    drawn, seen = [], {"critic": [], "player": []}

    def draw():
        drawn.append(step(parts, torch.full((4, 3), float(len(drawn)))))
        return [drawn[-1]]

    def loss(name, part):
        def inner(s):
            seen[name].append(s.batch.x[0, 0].item())
            return {"l": s.part(part)(s.batch.x).sum(1)}

        return inner

    phases = [
        Phase("critic", ("a",), loss("critic", "a"), repeat=3),
        Phase("player", ("b",), loss("player", "b")),
    ]
    PhaseEngine(phases, parts, sgd(parts)).run(0, draw)
    assert seen == {"critic": [0.0, 1.0, 2.0], "player": [0.0]}


def test_a_fresh_phase_draws_its_own_batch():
    parts = linear_parts("a", "b")
    count = []

    def draw():
        count.append(1)
        return [step(parts)]

    phases = [Phase("a", ("a",), squares("a")), Phase("b", ("b",), squares("b"), fresh=True)]
    PhaseEngine(phases, parts, sgd(parts)).run(0, draw)
    assert len(count) == 2


def test_once_is_computed_once_and_both_phases_can_differentiate_it():
    parts = linear_parts("a", "b")
    calls = []

    def shared(s):
        return s.once("y", lambda: calls.append(1) or s.part("a")(s.batch.x))

    phases = [
        Phase("a", ("a",), lambda s: {"l": shared(s).square().sum(1)}, optimizer_step=False),
        Phase("b", ("b",), lambda s: {"l": s.part("b")(shared(s)).sum(1)}, optimizer_step=False),
        Phase("a2", ("a",), lambda s: {"l": s.part("b")(shared(s)).square().sum(1)}),
    ]
    engine = PhaseEngine(phases, parts, sgd(parts, 0.01))
    for index in range(3):
        engine.run(index, lambda index=index: [step(parts, index=index)])
    assert len(calls) == 3, "once per step"


def test_phases_that_leave_the_optimizer_step_to_the_next_move_together_with_it():
    """VAE-GAN's need: the decoder must not move before the encoder's backward pass."""
    parts = linear_parts("encoder", "decoder")
    together = {name: weights(part) for name, part in parts.items()}
    x = torch.randn(4, 3)

    def output(s):
        return s.once("y", lambda: s.part("decoder")(s.part("encoder")(s.batch.x)))

    phases = [
        Phase(
            "decoder",
            ("decoder",),
            lambda s: {"l": output(s).square().sum(1)},
            optimizer_step=False,
        ),
        Phase("encoder", ("encoder",), lambda s: {"l": output(s).square().sum(1)}),
    ]
    PhaseEngine(phases, parts, sgd(parts, 0.1)).run(0, lambda: [step(parts, x)])

    encoder = together["encoder"].clone().requires_grad_()
    decoder = together["decoder"].clone().requires_grad_()
    (x @ encoder.T @ decoder.T).square().sum(1).mean().backward()
    torch.testing.assert_close(
        parts["encoder"].weight.detach(), (encoder - 0.1 * encoder.grad).detach()
    )
    torch.testing.assert_close(
        parts["decoder"].weight.detach(), (decoder - 0.1 * decoder.grad).detach()
    )


def test_pending_gradients_are_applied_though_the_phase_that_steps_is_not_due():
    parts = linear_parts("a", "b")
    phases = [
        Phase("a", ("a",), squares("a"), optimizer_step=False),
        Phase("b", ("b",), squares("b"), when=lambda index: False),
    ]
    before = weights(parts["a"])
    PhaseEngine(phases, parts, sgd(parts, 0.1)).run(0, lambda: [step(parts)])
    assert not torch.equal(parts["a"].weight, before)
    assert parts["a"].weight.grad is None


def test_accumulation_equals_one_large_batch():
    whole, split = linear_parts("a"), linear_parts("a")
    x = torch.randn(8, 3)
    PhaseEngine([Phase("a", ("a",), squares("a"))], whole, sgd(whole, 0.1)).run(
        0, lambda: [step(whole, x)]
    )
    PhaseEngine([Phase("a", ("a",), squares("a"))], split, sgd(split, 0.1)).run(
        0, lambda: [step(split, rows) for rows in x.split(4)]
    )
    torch.testing.assert_close(whole["a"].weight, split["a"].weight)


def test_a_loss_that_is_no_longer_per_sample_is_refused():
    parts = linear_parts("a")
    mean = Phase("a", ("a",), lambda s: {"l": s.part("a")(s.batch.x).mean()})
    with pytest.raises(PluginError, match="one value per sample"):
        PhaseEngine([mean], parts, sgd(parts)).run(0, lambda: [step(parts)])


@pytest.mark.parametrize(
    "phases",
    [
        [],
        [Phase("a", ("a",), squares("a")), Phase("a", ("a",), squares("a"))],
        [Phase("a", ("nobody",), squares("a"))],
        [Phase("a", (), squares("a"))],
        [Phase("a", ("a",), squares("a"), every=0)],
    ],
)
def test_senseless_phases_are_refused(phases):
    parts = linear_parts("a")
    with pytest.raises(PluginError):
        PhaseEngine(phases, parts, sgd(parts))


def test_second_order_phases_stay_out_of_autocast():
    parts = linear_parts("a")
    seen = {}

    def record(name):
        def loss(s):
            y = s.part("a")(s.batch.x)
            seen[name] = y.dtype
            return {"l": y.float().sum(1)}

        return loss

    phases = [
        Phase("first", ("a",), record("first")),
        Phase("second", ("a",), record("second"), second_order=True),
    ]
    autocast = lambda: torch.autocast("cpu", dtype=torch.bfloat16)  # noqa: E731
    PhaseEngine(phases, parts, sgd(parts), autocast).run(0, lambda: [step(parts)])
    assert seen == {"first": torch.bfloat16, "second": torch.float32}


def test_forms_of_weights_are_shared_within_a_loss_and_no_longer():
    parts = linear_parts("a")
    makes = []

    def loss(s):
        weight = s.part("a").weight
        for _ in range(2):
            shared_weight(weight, "form", lambda: makes.append(s.index) or weight.detach().clone())
        return squares("a")(s)

    engine = PhaseEngine([Phase("a", ("a",), loss)], parts, sgd(parts))
    for index in range(2):
        engine.run(index, lambda index=index: [step(parts, index=index)])
    assert makes == [0, 1]
