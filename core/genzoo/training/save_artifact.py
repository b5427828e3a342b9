"""Turns a session into the artifact in its run's folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from genzoo.artifact.format import FEATURE_NETWORKS
from genzoo.artifact.save import save_model
from genzoo.model.model import Model
from genzoo.records import PriorSpec
from genzoo.registry import load_target
from genzoo.system.atomic_files import remove_leftovers
from genzoo.training.checkpoint import read_checkpoint
from genzoo.training.components import Session
from genzoo.training.fit_prior import (
    MOST_SAMPLES,
    fit_prior,
    posterior_draws,
    select,
    selected_labels,
    with_fit,
)
from genzoo.training.starting_model import GROUPS


def publish(
    session: Session, target: Path, checkpoint: Path | None = None, final: bool = False
) -> None:
    """Write the averaged weights as an artifact.

    Args:
        session: The run.
        target: The folder of the artifact.
        checkpoint: That of this moment; needed for the last of the run.
        final: It is the last of the run. The architecture's further priors are fitted too, which
            takes a pass over the data, and what training on needs is kept where that is asked for.
    """
    model = session.model
    training: dict[str, Any] = {
        "steps": session.position.step,
        "samples_seen": session.position.drawn,
        "batch_size": session.config.batch_size,
        "seed": session.config.seed,
        "precision": session.precision,
        "data": session.dataset.name,
        "data_fingerprint": session.dataset.fingerprint,
        "data_count": len(session.dataset),
    }
    if session.task.plan.origin is not None:
        training["origin"] = session.task.plan.origin.model_dump(mode="json")
    if session.frozen:
        training[FEATURE_NETWORKS] = [
            {"name": network.full_name, "hash": network.hash} for network in session.frozen.values()
        ]
    if final and session.task.entry.record.priors:
        training = add_fitted_priors(session, model, training)
    remove_leftovers(target)
    save_model(
        model,
        target,
        registry=session.task.registry,
        kind=session.task.plan.data.kind,
        objective=session.task.objective_entry.full_name,
        objective_config=session.task.objective.config.model_dump(mode="json"),
        training=training,
        train=_training_state(checkpoint)
        if checkpoint and final and session.config.keep_training_state
        else {},
    )


def _training_state(checkpoint: Path) -> Mapping[str, Mapping[str, Tensor]]:
    """Networks and optimisers of a checkpoint."""
    tensors = read_checkpoint(checkpoint).tensors
    return {name: tensors[name] for name in tensors if name.startswith(GROUPS)}


def add_fitted_priors(session: Session, model: Model, training: dict[str, Any]) -> dict[str, Any]:
    """Fit the architecture's further priors to posterior draws of the training data.

    Returns:
        `training`, and what they were fitted to.
    """
    data = session.dataset.content
    selection = select(data, session.config.seed, MOST_SAMPLES)
    latents = posterior_draws(model, data, selection)
    labels = selected_labels(data, selection)
    for name in session.task.entry.record.priors:
        entry = session.task.registry[PriorSpec].find(name, near=session.task.entry.distribution)
        config = load_target(entry.record.config)()
        prior = fit_prior(entry, config, model, latents, session.config.seed, labels)
        model.add_priors({name: prior})
        training = with_fit(training, name, selection, data)
    return training
