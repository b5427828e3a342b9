"""What is saved is all there is."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from torch import Tensor

from genzoo.artifact.load import load_model
from genzoo.artifact.save import save_model
from genzoo.interfaces.prior import FittedPrior
from genzoo.model.model import Model
from genzoo.records import PriorSpec
from genzoo.registry import load_target
from genzoo.training.checkpoint import Checkpoint, read_newest, write_checkpoint
from genzoo.training.components import restore_session, session_tensors
from genzoo.training.training_loop import Trainer
from genzoo_testing.check import ContractError, check
from genzoo_testing.check_targets import STEPS, ArchitectureSubject, PairSubject

COUNT = 4
LATENTS = 64

BEFORE = 2
AFTER = 2
"""Steps before and after the checkpoint; more after it where a phase is rarer."""

Groups = Mapping[str, Mapping[str, Tensor]]


@check(
    "save-and-load",
    "A model on disk is the model: what is kept outside of parameters and buffers is lost with the "
    "process, and others get another model.",
)
def save_and_load(subject: ArchitectureSubject) -> str:
    """A loaded model gives the same bits, from each of its priors."""
    for sample in subject.tiny.samples:
        model = subject.stirred(sample)
        model.add_priors(_fitted_priors(subject, model))
        with TemporaryDirectory(prefix="genzoo-check-") as name:
            folder = Path(name) / "artifact"
            save_model(model, folder, registry=subject.registry, preview=False, golden=False)
            _compare(model, load_model(folder, subject.registry))
    return f"the same bits from {', '.join(subject.entry.record.inference)}"


def _fitted_priors(subject: ArchitectureSubject, model: Model) -> dict[str, FittedPrior]:
    priors: dict[str, FittedPrior] = {}
    latents = model.draw_latents(LATENTS)
    for name in subject.entry.record.priors:
        record = subject.registry[PriorSpec].find(name).record
        prior: FittedPrior = load_target(record.target)(
            model.latent_spec, load_target(record.config)()
        )
        priors[name] = prior.fit(latents, 0)
    return priors


def _compare(model: Model, loaded: Model) -> None:
    state = model.state_dict()
    changed = [n for n, value in loaded.state_dict().items() if not torch.equal(value, state[n])]
    if changed:
        raise ContractError(f"Loaded, it has other values in {', '.join(changed[:5])}.")
    for prior in model.priors:
        if not torch.equal(model.sample(COUNT, prior=prior), loaded.sample(COUNT, prior=prior)):
            raise ContractError(
                f"Loaded, it gives other samples from the prior '{prior}': something they depend "
                "on is neither a parameter nor a saved buffer."
            )


@check(
    "resume",
    "A run that was stopped must end where it would have ended: state outside of the parts, the "
    "optimisers and `state_dict` is forgotten, and results are no longer those of the seed.",
)
def resume(subject: PairSubject) -> str:
    """Training on from a checkpoint gives the bits that training through does."""
    with subject.trainer() as whole, subject.trainer() as parted:
        whole.advance(BEFORE)
        path = _checkpoint(whole)
        after = _steps_after(whole)
        whole.advance(after)
        _disturb()
        resumed = _resumed(parted, path)
        resumed.advance(after)
        _compare_groups(session_tensors(whole.session), session_tensors(resumed.session))
    return f"{BEFORE} steps and {after} more, weights, optimisers and average"


def _checkpoint(trainer: Trainer) -> Path:
    folder, position = trainer.folder.checkpoints, trainer.session.position
    state = Checkpoint(position.step, position.drawn, session_tensors(trainer.session))
    write_checkpoint(folder, state, keep=1)
    return folder


def _steps_after(trainer: Trainer) -> int:
    """As many as it takes for every phase to have had a turn, as far as the run goes."""
    rarest = max(phase.every for phase in trainer.session.engine.phases)
    return min(max(AFTER, rarest + 1 - BEFORE), STEPS - BEFORE)


def _disturb() -> None:
    """Leave the global random streams elsewhere, as another process would find them."""
    torch.rand(7)
    random.random()
    np.random.rand(7)


def _resumed(trainer: Trainer, checkpoints: Path) -> Trainer:
    checkpoint, _ = read_newest(checkpoints)
    restore_session(trainer.session, checkpoint)
    return trainer


def _compare_groups(expected: Groups, found: Groups) -> None:
    differing = [
        f"{group}/{name}"
        for group, tensors in expected.items()
        for name, tensor in tensors.items()
        if name not in found.get(group, {}) or not torch.equal(tensor, found[group][name])
    ]
    if differing:
        raise ContractError(
            f"Resumed, {len(differing)} tensors differ, e.g. {', '.join(differing[:3])}. Give all "
            "state of the objective to `state_dict`, and draw from `step.noise` alone."
        )
