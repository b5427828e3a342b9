"""Sample i is a function of the weights, the seed and i alone."""

from __future__ import annotations

import random
from collections.abc import Mapping
from inspect import signature

import numpy as np
import torch
from torch import Tensor

from genzoo.model.decoding import find_decoder
from genzoo.model.model import Model
from genzoo.registry import load_target
from genzoo.specs import Config
from genzoo_testing.check import ContractError, check
from genzoo_testing.check_targets import ArchitectureSubject
from genzoo_testing.random_inputs import cyclic_labels, random_samples

COUNT = 5


@check(
    "sampling-changes-nothing",
    "A picture taken while training must not change the run, nor a second call give other samples: "
    "batch statistics and random state belong to training.",
)
def sampling_changes_nothing(subject: ArchitectureSubject) -> str:
    """Sampling and encoding leave tensors and global random states as they were."""
    for sample in subject.tiny.samples:
        model = subject.stirred(sample).train()
        before, states = _tensors(model), _random_states()
        first = model.sample(COUNT)
        _encode(model)
        if _random_states() != states:
            raise ContractError(
                "It draws from a global random stream instead of the noise it is given."
            )
        after = _tensors(model)
        moved = [name for name, value in before.items() if not torch.equal(value, after[name])]
        if moved:
            raise ContractError(f"It changes {', '.join(moved[:5])}.")
        if not torch.equal(model.sample(COUNT), first):
            raise ContractError("A second call gives other samples.")
    return "tensors and random states stay"


@check(
    "sampling-independent-of-batch",
    "Sample 7 must be the same picture whether one is asked for or a thousand, on a laptop or a "
    "server.",
)
def sampling_independent_of_batch(subject: ArchitectureSubject) -> str:
    """A sample does not depend on its companions."""
    for sample in subject.tiny.samples:
        model = subject.stirred(sample)
        whole = model.sample(COUNT, batch_size=COUNT)
        for what, other, rows in (
            ("in batches of 2", model.sample(COUNT, batch_size=2), slice(None)),
            ("alone", model.sample(1, start=COUNT - 1), slice(COUNT - 1, None)),
        ):
            if not _close(other, whole[rows], whole):
                raise ContractError(f"Samples drawn {what} differ from those drawn together.")
    return "the same in batches, and alone"


@check(
    "sampling-options",
    "Whoever asks for 20 steps must get 20.",
)
def sampling_options(subject: ArchitectureSubject) -> str:
    """The part that makes samples has its config's sampling options."""
    kind: type[Config] = load_target(subject.entry.record.config)
    names = kind.sampling_options
    taken = sorted({*signature(Model.sample).parameters} & {*names})
    unknown = sorted({*names} - {*kind.model_fields})
    if taken or unknown:
        reason = "are arguments of Model.sample" if taken else "are not fields of its config"
        raise ContractError(f"The sampling options {', '.join(taken or unknown)} {reason}.")
    model = subject.fresh(subject.tiny.samples[0])
    part, config = find_decoder(model.parts.values(), model.name), model.architecture.config
    for name in names:
        if not hasattr(part, name) or getattr(part, name) != getattr(config, name):
            raise ContractError(f"{type(part).__name__}.{name} is not the option of that name.")
    return f"{len(names)} options"


def _close(found: Tensor, expected: Tensor, all_samples: Tensor) -> bool:
    """Equal up to the rounding of sums, measured by how much samples differ among themselves."""
    spread = float(all_samples.float().std(0).mean())
    difference = float((found.float() - expected.float()).abs().max())
    return difference <= max(1e-2 * spread, 1e-6)


def _tensors(model: Model) -> Mapping[str, Tensor]:
    """Parameters and buffers, saved or not, and plain tensors in attributes."""
    found: dict[str, Tensor] = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    for name, module in model.named_modules():
        for key, value in vars(module).items():
            if isinstance(value, Tensor):
                found[f"{name}.{key}"] = value
    return {name: value.detach().clone() for name, value in found.items()}


def _random_states() -> tuple[bytes, int, int]:
    numbers = np.random.get_state(legacy=False)
    return (
        torch.get_rng_state().numpy().tobytes(),
        hash(random.getstate()),
        hash(repr(numbers)),
    )


def _encode(model: Model) -> None:
    if model.can_encode:
        x = random_samples(model.sample_spec, COUNT)
        model.encode(x, cyclic_labels(model.sample_spec, COUNT))
