"""Every pair of the bundled plugins trains in bfloat16, its penalties in float32."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from genzoo import Phase, Step, Terms
from genzoo.plugins.manager import default_manager
from genzoo.training.components import Session
from genzoo.training.phase_runner import PhaseEngine, bfloat16_autocast
from genzoo_testing.check_targets import PairSubject, make_step
from genzoo_testing.find_plugin import find_plugin
from genzoo_testing.runner import plan

PAIRS = [
    group.subject
    for group in plan(find_plugin("genzoo", default_manager()))
    if isinstance(group.subject, PairSubject)
]


class Watched:
    """A session in bfloat16 that notes which types its layers and penalties compute in.

    Attributes:
        types: By phase, the types that convolutions and linear layers gave.
        terms: By phase, the types of the loss's terms.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.types: dict[str, set[torch.dtype]] = {}
        self.terms: dict[str, set[torch.dtype]] = {}
        self._current = ""
        phases = [self._watch(phase) for phase in session.engine.phases]
        autocast = bfloat16_autocast(torch.device("cpu"))
        self.engine = PhaseEngine(phases, session.parts, session.optimizers, autocast)

    def _watch(self, phase: Phase) -> Phase:
        def loss(step: Step) -> Terms:
            self._current = phase.name
            terms = phase.loss(step)
            values = [getattr(term, "value", term) for term in terms.values()]
            self.terms.setdefault(phase.name, set()).update(value.dtype for value in values)
            return terms

        return replace(phase, loss=loss)

    def _note(self, module: nn.Module, args: object, output: Tensor) -> None:
        self.types.setdefault(self._current, set()).add(output.dtype)

    @contextmanager
    def listening(self) -> Iterator[None]:
        layers = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)
        modules = [m for part in self.session.parts.values() for m in part.modules()]
        handles = [m.register_forward_hook(self._note) for m in modules if isinstance(m, layers)]
        yield
        for handle in handles:
            handle.remove()


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_bfloat16_trains_and_penalties_are_computed_in_float32(pair: PairSubject) -> None:
    if pair.refusal:
        pytest.skip(pair.refusal)
    watched = Watched(pair.open_session())
    session, rarest = watched.session, max(phase.every for phase in watched.engine.phases)
    with watched.listening():
        for index in (0, 1, rarest):
            watched.engine.run(index, lambda index=index: [make_step(session, index, index)])
    for phase in watched.engine.phases:
        expected = torch.float32 if phase.second_order else torch.bfloat16
        assert watched.types[phase.name] == {expected}, phase.name
        assert watched.terms[phase.name] == {torch.float32}, phase.name
    assert all(torch.isfinite(torch.tensor(list(watched.engine.meter.read().values()))))
    for part in session.parts.values():
        for parameter in part.parameters():
            assert parameter.dtype == torch.float32
            assert parameter.isfinite().all()


@pytest.mark.parametrize("objective", ["gan", "hinge", "lsgan", "r3gan", "wgan-gp"])
def test_objectives_with_a_penalty_say_so(objective: str) -> None:
    (pair,) = (p for p in PAIRS if p.name == f"convgan with {objective}")
    phases = pair.open_session().engine.phases
    assert any(phase.second_order for phase in phases) is (objective in {"r3gan", "wgan-gp"})
