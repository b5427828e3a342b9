"""Gradients go where they should, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from genzoo.interfaces.objective import Phase, Terms, always
from genzoo.interfaces.training_step import Step
from genzoo.training.components import Session
from genzoo.training.phase_runner import PhaseEngine
from genzoo_testing.check import ContractError, check
from genzoo_testing.check_targets import STEPS, PairSubject, make_step
from genzoo_testing.source_location import source_of

LEAST_STEPS = 3
"""A layer behind one that begins at zero has a gradient from the second step on."""

MARK = 3.0


@dataclass
class Reach:
    """What arrived at a parameter."""

    parameter: Tensor
    arrived: bool = False
    moved: bool = False
    where: str = field(default="")

    def note(self, parameter: Tensor) -> None:
        """Called when a gradient was added to it."""
        self.arrived = True
        self.moved = self.moved or bool(parameter.grad is not None and parameter.grad.any())


@check(
    "gradients",
    "A parameter without a gradient stays random for good: a layer that is built and not called, "
    "a detach too many.",
)
def gradients(subject: PairSubject) -> str:
    """After some steps every parameter of the trained parts has had a gradient.

    A vector may have a gradient of zero, as a bias has where the loss is of differences.
    """
    with subject.trainer() as trainer:
        session = trainer.session
        watched = _watch(session)
        rarest = max(phase.every for phase in session.engine.phases)
        trainer.advance(min(max(LEAST_STEPS, rarest + 1), STEPS))
    cut_off = [name for name, reach in watched.items() if not reach.arrived]
    if cut_off:
        raise ContractError(f"No gradient reaches {_some(cut_off)}.", watched[cut_off[0]].where)
    still = {name: reach for name, reach in watched.items() if not reach.moved}
    dead = [name for name, reach in still.items() if reach.parameter.dim() > 1]
    if dead:
        raise ContractError(f"The gradient of {_some(dead)} is zero.", watched[dead[0]].where)
    rest = f"; always zero: {_some(list(still))}" if still else ""
    return f"reach {len(watched)} parameters{rest}"


@check(
    "isolation",
    "A loss that leaves gradients or values in another player's part trains that part to lose: "
    "only the core computes gradients and moves weights.",
)
def isolation(subject: PairSubject) -> str:
    """A phase leaves the gradients and weights of the parts that it does not train."""
    session = subject.open_session()
    for phase in session.engine.phases:
        _check_phase(session, phase)
        for part in session.parts.values():
            part.zero_grad(set_to_none=True)
    return f"{len(session.engine.phases)} phases"


def _check_phase(session: Session, phase: Phase) -> None:
    others = {n: p for n, p in _parameters(session) if n.partition(".")[0] not in phase.trains}
    own = {n: p for n, p in _parameters(session) if n not in others}
    before = {name: parameter.detach().clone() for name, parameter in others.items()}
    for parameter in others.values():
        parameter.grad = torch.full_like(parameter, MARK)

    def watched(step: Step) -> Terms:
        terms = phase.loss(step)
        _refuse([n for n, p in own.items() if p.grad is not None], "computes", phase)
        return terms

    alone = replace(phase, loss=watched, every=1, repeat=1, when=always)
    PhaseEngine([alone], session.parts, session.optimizers).run(0, lambda: [make_step(session)])
    _refuse([n for n, p in others.items() if not _is_marked(p)], "changes", phase)
    moved = [n for n, p in others.items() if not torch.equal(p.detach(), before[n])]
    if moved:
        raise ContractError(f"Phase '{phase.name}' moves {_some(moved)}.", source_of(phase.loss))


def _refuse(names: list[str], does: str, phase: Phase) -> None:
    if names:
        raise ContractError(
            f"The loss of phase '{phase.name}' {does} the gradients of {_some(names)}.",
            source_of(phase.loss),
        )


def _is_marked(parameter: Tensor) -> bool:
    return parameter.grad is not None and bool((parameter.grad == MARK).all())


def _watch(session: Session) -> Mapping[str, Reach]:
    """A watch on every parameter that some phase trains."""
    watched: dict[str, Reach] = {}
    trained = {part for phase in session.engine.phases for part in phase.trains}
    for name, parameter in _parameters(session):
        if name.partition(".")[0] in trained and parameter.requires_grad:
            part = session.parts[name.partition(".")[0]]
            reach = Reach(parameter, where=source_of(type(part)))
            parameter.register_post_accumulate_grad_hook(reach.note)
            watched[name] = reach
    return watched


def _parameters(session: Session) -> Iterator[tuple[str, Tensor]]:
    """Every parameter as `part.name`."""
    for name, part in session.parts.items():
        for key, parameter in part.named_parameters():
            yield f"{name}.{key}", parameter


def _some(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
