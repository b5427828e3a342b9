"""Fitting a prior to the latents of data, after training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genzoo.data.dataset import Dataset
from genzoo.data.shuffle import shuffled
from genzoo.interfaces.noise import BatchNoise, derive_seed
from genzoo.interfaces.prior import FittedPrior
from genzoo.model.batches import evaluating
from genzoo.model.build import plugin_errors
from genzoo.model.encoding import draw_posterior, require_encoder
from genzoo.model.model import Model
from genzoo.progress import Progress, silent
from genzoo.records import PriorSpec
from genzoo.registry import Entry, load_target
from genzoo.specs import Config

MOST_SAMPLES = 20_000
"""Samples of the data that a prior is fitted to at the end of a run."""

BATCH = 256


@dataclass(frozen=True)
class Selection:
    """Samples of a data set that stand for the whole.

    Data in stored order are often sorted by class, so they are drawn at random.

    Attributes:
        samples: How many.
        of: Number of samples in the data.
        seed: Names the draw.
    """

    samples: int
    of: int
    seed: int

    def facts(self) -> dict[str, Any]:
        """For a model's record, as JSON."""
        return asdict(self)

    def batches(self, data: Dataset) -> Iterator[NDArray[np.int64]]:
        """Indices of the samples, in batches; blocks of data are announced before they are used."""
        random = np.random.Generator(np.random.PCG64(derive_seed(self.seed, "prior selection")))
        order = shuffled(len(data), data.blocks, random)
        for first in range(0, self.samples, BATCH):
            data.prepare(order.blocks_from(first))
            yield order.indices[first : min(first + BATCH, self.samples)]


def select(data: Dataset, seed: int, most: int) -> Selection:
    """At most so many samples of the data, drawn at random."""
    return Selection(min(most, len(data)), len(data), seed)


def fit_prior(
    entry: Entry[PriorSpec],
    config: Config,
    model: Model,
    latents: Tensor,
    seed: int,
    labels: Tensor | None = None,
) -> FittedPrior:
    """A new prior of the model, fitted to latents (N, *latent shape) on their device.

    Args:
        entry: The registered prior.
        config: Its validated configuration.
        model: Whose latents they are.
        latents: Posterior draws, see `posterior_draws`.
        seed: With the prior's name it names the randomness of the fit.
        labels: Their classes (N,), of a conditional model; see `selected_labels`.

    Raises:
        PluginError: Its code fails.
        SpecError: It is not a prior of such latents.
    """
    classes = model.sample_spec.classes
    if labels is not None and "classes" in type(config).model_fields:
        config = config.model_copy(update={"classes": classes})
    with plugin_errors(entry):
        prior: FittedPrior = load_target(entry.record.target)(model.latent_spec, config)
    prior.bind(dict(model.parts.items()))
    prior, named = prior.to(latents.device), derive_seed(seed, "prior", entry.record.name)
    if labels is None:
        return prior.fit(latents, named)
    return prior.fit_classes(latents, labels.to(latents.device), named)


def selected_labels(data: Dataset, selection: Selection) -> Tensor | None:
    """The class of each selected sample, (N,), or None where the data are not conditional."""
    if data.labels is None or not data.spec.conditional:
        return None
    labels = [data.labels[rows] for rows in selection.batches(data)]
    return torch.from_numpy(np.concatenate(labels))


@torch.inference_mode()
def posterior_draws(
    model: Model, data: Dataset, selection: Selection, progress: Progress = silent
) -> Tensor:
    """One latent for each selected sample, (N, *latent shape), on the model's device.

    Args:
        model: One that maps samples to latents.
        data: Opened as the model's samples are.
        selection: Which samples; its seed names the draws too.
        progress: Hears how far it is.

    Raises:
        CapabilityError: The model maps no samples to latents.
    """
    encoder = require_encoder(model.parts.values(), model.architecture_name)
    draws: list[Tensor] = []
    with evaluating(model):
        for number, rows in enumerate(selection.batches(data)):
            x, labels = data.batch(rows, model.sample_spec, model.device)
            x = x if model.through is None else model.through.encode(x)
            seed = derive_seed(selection.seed, "posterior", number)
            noise = BatchNoise(len(rows), seed, model.device)
            draws.append(draw_posterior(encoder, x, labels, noise))
            progress("Latents", number * BATCH + len(rows), selection.samples)
    return torch.cat(draws)


def with_fit(
    training: Mapping[str, Any], name: str, selection: Selection, data: Dataset
) -> dict[str, Any]:
    """Facts of a run, and beside them what the prior of that name was fitted to."""
    fitted = dict(training.get("priors") or {})
    fitted[name] = {
        **selection.facts(),
        "data": data.name,
        "data_fingerprint": data.fingerprint,
    }
    return {**training, "priors": fitted}
