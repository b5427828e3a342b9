"""Puts the weights of a model into a session that is about to begin, as far as they fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from genzoo.artifact.tensors import describe_differences, refuse_non_finite
from genzoo.errors import UsageError
from genzoo.model.build import plugin_errors
from genzoo.training.components import Session
from genzoo.training.fsdp_tensors import full_tensor, shard_like
from genzoo.training.optimizers import OptimizerState
from genzoo.training.starting_model import StartingWeights

_NAMED = 4


@dataclass(frozen=True)
class Fit:
    """How the weights of a model fit a network.

    Attributes:
        taken: What is taken over, by the network's names.
        new: Names of what the model has nothing for.
        differences: What of the model does not fit, in words; empty if all does.
        whole: Whether every tensor is the model's own, unchanged.
    """

    taken: Mapping[str, Tensor] = field(default_factory=dict)
    new: tuple[str, ...] = ()
    differences: str = ""
    whole: bool = False


def begin_with(session: Session, weights: StartingWeights, note: Callable[[str], None]) -> None:
    """Give the session's networks, averages and optimisers the weights of a model.

    Args:
        session: Freshly opened; every process must call it.
        weights: What it is to begin with.
        note: Hears what is taken over, and what begins anew.

    Raises:
        ArtifactError: A weight is not finite.
        UsageError: Something does not fit, or nothing does; the session is then to be dropped.
    """
    name, partial = weights.record.name, weights.record.partial
    fits = {part: _fit_of(session, weights, part) for part in session.parts}
    wrong = [f"{part}: {fit.differences}" for part, fit in fits.items() if fit.differences]
    if wrong and not partial:
        raise UsageError(
            f"The weights of {name} do not fit ({'; '.join(wrong)}).",
            "Give the options that it was made with, or --partial to begin anew what does not fit.",
        )
    if not any(fit.taken for fit in fits.values()):
        raise UsageError(
            f"No weight of {name}, a model of {weights.record.architecture}, fits.",
            "Leave --from out, or name a model of the same architecture.",
        )
    for line in weights.notes:
        note(line)
    for part, fit in fits.items():
        note(_described(part, fit, name))
    for part, fit in fits.items():
        _copy(session.parts[part], fit.taken)
        if part in session.task.entry.record.inference:
            _copy(session.ema.module.get_submodule(part), _averages(session, weights, part, fit))
    _restore_optimizers(session, weights, fits)


def _fit_of(session: Session, weights: StartingWeights, part: str) -> Fit:
    found = weights.part(part)
    return Fit() if found is None else _matched(session, weights, part, found)


def _averages(
    session: Session, weights: StartingWeights, part: str, fit: Fit
) -> Mapping[str, Tensor]:
    published = weights.published.get(part)
    return fit.taken if published is None else _matched(session, weights, part, published).taken


def _matched(
    session: Session, weights: StartingWeights, part: str, found: Mapping[str, Tensor]
) -> Fit:
    task, own = session.task, found
    refuse_non_finite(found, weights.record.name)
    if weights.record.architecture == task.entry.full_name:
        with plugin_errors(task.entry):
            own = task.architecture.inherited(part, found, weights.architecture)
    classes = weights.architecture.sample.classes, task.architecture.sample.classes
    unchanged = own.keys() == found.keys() and all(own[name] is found[name] for name in own)
    return match(session.parts[part], own, *classes, unchanged=unchanged)


def match(
    network: nn.Module,
    found: Mapping[str, Tensor],
    before: Sequence[str] = (),
    after: Sequence[str] = (),
    *,
    unchanged: bool = True,
) -> Fit:
    """What of `found` fits the network by name and shape.

    Rows of an embedding of classes are taken by the names of the classes; new classes begin anew.

    Args:
        network: What is to be given weights.
        found: Weights by name.
        before: Classes of the model that they are from, in label order.
        after: Classes of the network.
        unchanged: Whether `found` is exactly what the model has.
    """
    expected = network.state_dict()
    moved = tuple(before) != tuple(after)
    embeddings = _class_embeddings(network, len(after)) if moved and before and after else set()
    rows = {
        name: _rows_by_class(expected[name], found[name], before, after)
        for name in sorted(embeddings & set(found))
        if found[name].shape == (len(before), *expected[name].shape[1:])
    }
    rest = {name: tensor for name, tensor in found.items() if name not in rows}
    there = {name: tensor for name, tensor in expected.items() if name in rest}
    differences = describe_differences(there, rest)
    fitting = {
        name: tensor
        for name, tensor in rest.items()
        if name in there and not describe_differences({name: there[name]}, {name: tensor})
    }
    taken = {**fitting, **rows}
    new = tuple(name for name in expected if name not in found)
    whole = unchanged and not (new or differences or rows)
    return Fit(taken, new, differences, whole)


def _class_embeddings(network: nn.Module, classes: int) -> set[str]:
    return {
        f"{name}.weight" if name else "weight"
        for name, module in network.named_modules()
        if isinstance(module, nn.Embedding) and module.num_embeddings == classes
    }


def _rows_by_class(
    fresh: Tensor, found: Tensor, before: Sequence[str], after: Sequence[str]
) -> Tensor:
    rows = full_tensor(fresh).detach().clone()
    for number, name in enumerate(after):
        if name in before:
            rows[number] = found[before.index(name)].to(rows)
    return rows


def _copy(network: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    own = network.state_dict()
    with torch.no_grad():
        for name, tensor in tensors.items():
            target = own[name]
            target.copy_(shard_like(tensor.to(target.dtype), target))


def _restore_optimizers(
    session: Session, weights: StartingWeights, fits: Mapping[str, Fit]
) -> None:
    """Those of networks that are the model's own, tensor for tensor."""
    for part, optimizer in session.optimizers.items():
        state = weights.groups.get(f"optimizer.{part}")
        if state is None or not fits[part].whole:
            continue
        network = session.parts[part]
        moving = {name for name, p in network.named_parameters() if p.requires_grad}
        kept = {key: value for key, value in state.items() if key.rpartition("/")[0] in moving}
        OptimizerState(optimizer, network).load_state_dict(kept)


def _described(part: str, fit: Fit, model: str) -> str:
    if not fit.taken:
        return f"The {part} begins anew: {model} has no weights for it that fit."
    if fit.whole:
        return f"The {part} begins with all the weights that {model} has."
    left = f"; left out: {fit.differences}" if fit.differences else ""
    new = f"; new: {_some(fit.new)}" if fit.new else ""
    return f"The {part} begins with {len(fit.taken)} tensors of {model}{new}{left}."


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
