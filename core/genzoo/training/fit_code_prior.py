"""Fitting a distribution of codes, which takes steps: with progress, checkpoints and resume."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from genzoo.data.dataset import Dataset
from genzoo.errors import CapabilityError, UsageError
from genzoo.interfaces.noise import derive_seed
from genzoo.model.batches import evaluating
from genzoo.model.build import plugin_errors
from genzoo.model.encoding import require_encoder
from genzoo.model.model import Model
from genzoo.progress import Progress, silent
from genzoo.quantisers.code_prior import CodePrior
from genzoo.quantisers.code_training import CodeTraining
from genzoo.quantisers.posterior import QuantisedPosterior
from genzoo.records import PriorSpec
from genzoo.registry import Entry, load_target
from genzoo.specs import Config
from genzoo.system.atomic_files import atomic_write, make_folder, storage_errors
from genzoo.system.torch_globals import own_draws, plain_modes
from genzoo.training.checkpoint import (
    Checkpoint,
    list_checkpoints,
    read_newest,
    write_checkpoint,
)
from genzoo.training.fit_prior import BATCH, Selection
from genzoo.training.optimizers import OptimizerState

CHECKPOINT_EVERY = 250
REQUEST = "request.json"


@torch.inference_mode()
def codes_of_data(
    model: Model, data: Dataset, selection: Selection, progress: Progress = silent
) -> tuple[Tensor, Tensor | None]:
    """The codes of the selected samples, (N, streams, *places), on the model's device.

    And their classes (N,), of data that were opened with classes that the model lacks.

    Raises:
        CapabilityError: The model maps no samples to codes.
    """
    encoder = require_encoder(model.parts.values(), model.architecture_name)
    found: list[Tensor] = []
    classes: list[Tensor] = []
    with evaluating(model):
        for number, rows in enumerate(selection.batches(data)):
            x, labels = data.batch(rows, model.sample_spec, model.device)
            own = model.sample_spec.conditional
            posterior = encoder(x, labels if own else None)
            classes += [] if own or labels is None else [labels]
            if not isinstance(posterior, QuantisedPosterior):
                raise CapabilityError(
                    f"{model.name} has latents that are not codes.",
                    "Use an autoencoder with codes, such as vq-autoencoder.",
                )
            found.append(posterior.quantised.codes)
            progress("Codes", number * BATCH + len(rows), selection.samples)
    return torch.cat(found), torch.cat(classes) if classes else None


class CodePriorFit:
    """The fit of a prior, kept in a folder until it is complete.

    Args:
        entry: The registered prior.
        config: Its validated configuration.
        model: Whose codes they are.
        codes: Those of the data, (N, streams, *places).
        seed: With the prior's name it names the randomness of the fit.
        folder: Where checkpoints go; what is there of the same fit is gone on with.
        labels: Classes of the samples (N,), for a config with classes.

    Raises:
        CheckpointError: What is there cannot be used.
        PluginError: The prior's code fails.
        SpecError: It is not a prior of such latents.
        UsageError: The folder holds another fit.
    """

    @plain_modes()
    def __init__(
        self,
        entry: Entry[PriorSpec],
        config: Config,
        model: Model,
        codes: Tensor,
        seed: int,
        folder: Path,
        labels: Tensor | None = None,
    ) -> None:
        own = derive_seed(seed, "prior", entry.record.name)
        with plugin_errors(entry), own_draws(own):
            prior: CodePrior = load_target(entry.record.target)(model.latent_spec, config)
        prior.bind(dict(model.parts.items()))
        self.prior = prior.to(codes.device)
        # Clones: tensors of an inference mode cannot be learnt from.
        known = None if labels is None else labels.clone()
        self.training = CodeTraining(self.prior, codes.clone(), self.prior.config, own, known)
        self._folder = folder
        self._request = {
            "prior": entry.full_name,
            "config": config.model_dump(mode="json"),
            "seed": seed,
            "codes": _digest(codes),
            "labels": "" if labels is None else _digest(labels),
        }
        self._resume()

    @plain_modes()
    def run(self, stopped: Callable[[], bool], progress: Progress = silent) -> bool:
        """Take the steps that are left; False where it was stopped before the last.

        Args:
            stopped: Asked after each step whether to stop.
            progress: Hears of the steps, with the mean of -log p in nats.
        """
        total = self.prior.config.steps
        while not self.training.done:
            nats = self.training.advance()
            step = self.training.step
            if step % 10 == 0 or step == total:
                progress(f"Steps, at {float(nats):.1f} nats", step, total)
            if stopped() and not self.training.done:
                self._save()
                return False
            if step % CHECKPOINT_EVERY == 0 or self.training.done:
                self._save()
        return True

    def _resume(self) -> None:
        path = self._folder / REQUEST
        if path.exists():
            self._check(path)
        with storage_errors(self._folder):
            make_folder(self._folder)
        with atomic_write(path) as temporary:
            temporary.write_text(json.dumps(self._request, indent=2) + "\n", "utf-8")
        if list_checkpoints(self._folder):
            checkpoint, _ = read_newest(self._folder)
            self.prior.load_state_dict(dict(checkpoint.tensors["prior"]))
            self._optimizer.load_state_dict(checkpoint.tensors["optimizer"])
            self.training.step = checkpoint.step

    def _check(self, path: Path) -> None:
        try:
            known: Any = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError):
            known = None
        if known != self._request:
            raise UsageError(
                f"'{self._folder}' holds the fit of another prior, or to other data.",
                "Delete it, or name another folder with -o.",
            )

    def _save(self) -> None:
        step = self.training.step
        states = {"prior": self.prior.state_dict(), "optimizer": self._optimizer.state_dict()}
        write_checkpoint(self._folder, Checkpoint(step, step, states), keep=2)

    @property
    def _optimizer(self) -> OptimizerState:
        return OptimizerState(self.training.optimizer, self.prior)


def _digest(values: Tensor) -> str:
    return hashlib.sha256(values.cpu().numpy().tobytes()).hexdigest()
