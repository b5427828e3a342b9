"""Turns a session into the artifact in its run's folder."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from genzoo.artifact.save import save_model
from genzoo.atomic_files import remove_leftovers
from genzoo.interfaces.noise import BatchNoise, derive_seed
from genzoo.interfaces.prior import FittedPrior, Prior
from genzoo.model.encoding import draw_posterior, require_encoder
from genzoo.model.model import Model
from genzoo.registry import load_target
from genzoo.training.components import Session
from genzoo.training.run_folder import RunFolder

MAX_LATENTS = 20_000
"""Posterior draws that priors are fitted to."""


def publish(session: Session, folder: RunFolder, step: int, drawn: int, fit_priors: bool) -> None:
    """Write the averaged weights as an artifact.

    Args:
        session: The run.
        folder: Where its artifact goes.
        step: Training steps complete.
        drawn: Samples drawn from the data.
        fit_priors: Fit the architecture's further priors too, which takes a pass over the data.
    """
    model = session.model
    if fit_priors and session.entry.record.priors:
        model.add_priors(fitted_priors(session, model))
    remove_leftovers(folder.artifact)
    save_model(
        model,
        folder.artifact,
        registry=session.registry,
        kind=session.kind,
        objective=session.objective_entry.full_name,
        objective_config=session.objective.config.model_dump(mode="json"),
        training={
            "steps": step,
            "samples_seen": drawn,
            "batch_size": session.config.batch_size,
            "seed": session.config.seed,
            "precision": session.precision,
            "data": session.dataset.name,
            "data_fingerprint": session.dataset.fingerprint,
            "data_count": len(session.dataset),
        },
    )


def fitted_priors(session: Session, model: Model) -> dict[str, Prior]:
    """The architecture's further priors, fitted to posterior draws of the training data."""
    latents = posterior_draws(session, model)
    priors: dict[str, Prior] = {}
    for name in session.entry.record.priors:
        record = session.registry.priors.find(name, near=session.entry.distribution).record
        config = load_target(record.config)()
        prior: FittedPrior = load_target(record.target)(session.architecture.latent, config)
        seed = derive_seed(session.config.seed, "prior", name)
        priors[name] = prior.to(session.device).fit(latents, seed)
    return priors


@torch.inference_mode()
def posterior_draws(session: Session, model: Model) -> Tensor:
    """One latent for each training sample, at most `MAX_LATENTS`, (N, *latent shape).

    Raises:
        CapabilityError: The model maps no samples to latents.
    """
    encoder = require_encoder(model.parts.values(), model.name)
    count = min(MAX_LATENTS, len(session.dataset))
    spec = session.architecture.sample
    draws = []
    for number, rows in enumerate(np.array_split(np.arange(count), -(-count // 256))):
        x, labels = session.dataset.batch(rows, spec, session.device)
        seed = derive_seed(session.config.seed, "posterior", number)
        noise = BatchNoise(len(rows), seed, session.device)
        draws.append(draw_posterior(encoder, x, labels, noise))
    return torch.cat(draws)
