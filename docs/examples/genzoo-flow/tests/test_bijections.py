"""Every step of a flow: there, back, and by how much volume changes."""

from __future__ import annotations

import pytest
import torch

from exact import check_volume, stirred
from genzoo_flow.actnorm import ActNorm
from genzoo_flow.bijections import Chain
from genzoo_flow.couplings import AffineCoupling
from genzoo_flow.masks import checkerboard, every_other, half_of_channels
from genzoo_flow.networks import ResidualConvolutions
from genzoo_flow.squash import END, Squash
from genzoo_flow.squeeze import HalfOut, Squeezed

SHAPE = (2, 4, 4)


def coupling(mask, channels=SHAPE[0], context=0):
    return AffineCoupling(mask, ResidualConvolutions(channels, context, width=3, blocks=1))


STEPS = {
    "checkerboard": lambda: coupling(checkerboard(SHAPE, flip=False)),
    "flipped checkerboard": lambda: coupling(checkerboard(SHAPE, flip=True)),
    "channels": lambda: coupling(half_of_channels(SHAPE, flip=False)),
    "actnorm": lambda: ActNorm(SHAPE[0], dimensions=3),
    "squeezed": lambda: Squeezed(coupling(half_of_channels((8, 2, 2), flip=True), 8)),
    "half out": lambda: HalfOut(coupling(checkerboard((1, 4, 4), flip=False), 1)),
    "squash": lambda: Squash(-1.0, 3.0),
    "chain": lambda: Chain([ActNorm(SHAPE[0], 3), STEPS["channels"](), STEPS["checkerboard"]()]),
}


def samples(name, count=2):
    generator = torch.Generator().manual_seed(1)
    x = torch.rand(count, *SHAPE, generator=generator, dtype=torch.float64)
    return 4 * x - 1 if name == "squash" else 3 * (x - 0.5)


@pytest.mark.parametrize("name", STEPS)
def test_the_volume_change_is_that_of_the_jacobian(name):
    step = stirred(STEPS[name]())
    check_volume(step.inverse, samples(name))


@pytest.mark.parametrize("name", STEPS)
def test_there_and_back(name):
    step = stirred(STEPS[name]())
    x = samples(name)
    z, _ = step.inverse(x, None)
    assert z.shape == x.shape
    assert not torch.allclose(z, x)
    torch.testing.assert_close(step(z, None), x)


def test_a_coupling_looks_at_what_it_keeps_and_at_the_context():
    mask = checkerboard(SHAPE, flip=False)
    step = stirred(coupling(mask, context=4))
    x, context = samples("coupling"), torch.randn(2, 4, dtype=torch.float64)
    z, log_det = step.inverse(x, context)
    assert torch.equal(z * mask, x * mask)
    assert not torch.isclose(z, x)[:, mask == 0].any()
    other, _ = step.inverse(x, context + torch.tensor([[1.0], [0.0]]))
    assert not torch.allclose(other[0], z[0])
    assert torch.equal(other[1], z[1])
    check_volume(step.inverse, x, context)
    assert log_det.unique().numel() == 2


def test_masks_are_halves():
    for flip in (False, True):
        board = checkerboard((2, 3, 4), flip=flip)
        assert board.shape == (2, 3, 4)
        assert board[0, 0].tolist() == [float(flip), 1.0 - flip, float(flip), 1.0 - flip]
        assert board[1, 1].tolist() == [1.0 - flip, float(flip), 1.0 - flip, float(flip)]
        assert half_of_channels((4, 3, 3), flip=flip).flatten().tolist() == (
            [1.0, 1.0, 0.0, 0.0] if flip else [0.0, 0.0, 1.0, 1.0]
        )
        assert every_other(3, flip=flip).tolist() == [float(flip), 1.0 - flip, float(flip)]


def test_actnorm_normalises_its_first_training_batch_and_then_is_what_it_has_become():
    step = ActNorm(2, dimensions=3)
    x = 5 + 3 * torch.randn(16, 2, 4, 4, generator=torch.Generator().manual_seed(0))
    step.eval()
    assert torch.equal(step.inverse(x, None)[0], x)
    step.train()
    z, log_det = step.inverse(x, None)
    values = z.transpose(0, 1).flatten(1)
    torch.testing.assert_close(values.mean(1), torch.zeros(2), rtol=0, atol=1e-5)
    torch.testing.assert_close(values.std(1, correction=0), torch.ones(2))
    deviations = x.transpose(0, 1).flatten(1).std(1, correction=0)
    torch.testing.assert_close(log_det[0], -16 * deviations.log().sum())
    again, _ = step.inverse(x[:3] + 1, None)
    torch.testing.assert_close(again, (x[:3] + 1 + step.shift) * step.log_scale.exp())


def test_a_first_batch_without_variety_does_not_blow_up():
    step = ActNorm(2, dimensions=1).train()
    z, log_det = step.inverse(torch.ones(1, 2), None)
    assert torch.equal(z, torch.zeros(1, 2))
    assert torch.isfinite(log_det).all()


def test_the_ends_of_the_range_stand_for_the_middle_of_their_levels():
    squash = Squash(-1.0, 1.0)
    ends = torch.tensor([[-1.0, 1.0]])
    z, log_det = squash.inverse(ends, None)
    assert torch.isfinite(log_det).all()
    torch.testing.assert_close(torch.sigmoid(z), torch.tensor([[END, 1 - END]]))
    assert squash(torch.tensor([[-200.0, 200.0]]), None).tolist() == [[-1.0, 1.0]]
