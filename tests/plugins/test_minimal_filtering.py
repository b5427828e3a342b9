"""Every pair of the bundled plugins trains the same with minimal filtering, in-place layers too."""

from __future__ import annotations

import math

import pytest
import torch

from genzoo.fast_convolutions import choose_algorithm
from genzoo.fast_convolutions.algorithms import Winograd
from genzoo.plugins.manager import default_manager
from genzoo_testing.check_targets import PairSubject, make_step
from genzoo_testing.find_plugin import find_plugin
from genzoo_testing.runner import plan

PAIRS = [
    group.subject
    for group in plan(find_plugin("genzoo", default_manager()))
    if isinstance(group.subject, PairSubject) and not group.subject.refusal
]

TAKES_IT = ("convgan", "dcgan", "conv-vae", "fastgan")


def losses(pair: PairSubject, limit: float, monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """After three steps in float32; `limit` says from which reuse on it is taken."""
    uses = {("training", torch.float32): limit, ("once", torch.float32): limit}
    monkeypatch.setattr(choose_algorithm, "LEAST_REUSE", uses)
    session = pair.open_session()
    for part in session.parts.values():
        part.to(memory_format=torch.channels_last)
    for index in range(3):
        session.engine.run(index, lambda index=index: [make_step(session, index, index)])
    return session.engine.meter.read()


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_a_pair_learns_the_same(pair: PairSubject, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = []

    def spy(transposed: bool) -> Winograd:
        taken.append(transposed)
        return Winograd(transposed)

    monkeypatch.setattr(choose_algorithm, "Winograd", spy)
    expected = losses(pair, math.inf, monkeypatch)
    assert not taken
    found = losses(pair, 1e-9, monkeypatch)
    # The discriminator of pixels in `projected` is convgan's.
    projected = pair.objective.record.name == "projected"
    assert bool(taken) == (projected or pair.name.startswith(TAKES_IT))
    # A deep frozen network enlarges rounding.
    most = 5e-3 if projected else 1e-3
    assert found == pytest.approx(expected, rel=most, abs=1e-4)
