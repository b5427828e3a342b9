"""Latents stored with the samples they must give, so that any machine can check a model."""

from __future__ import annotations

import math
from pathlib import Path

import torch
from torch import Tensor

from genzoo.artifact.tensors import load_tensors, save_tensors
from genzoo.errors import ArtifactError
from genzoo.model.model import Model

MAX_COUNT = 4
MAX_BYTES = 4 << 20
SEED = 0
LATENT_TOLERANCE = 0.01


def write_golden(path: Path, model: Model) -> None:
    """Store latents and what the model makes of them, computed on its device.

    The tolerance is half a step of 8 bits over the samples' range; encoded latents may differ by
    0.01, where the prior's deviation is 1.
    """
    spec = model.sample_spec
    count = max(1, min(MAX_COUNT, MAX_BYTES // (4 * math.prod(spec.shape))))
    tensors = {"latents": model.draw_latents(count, seed=SEED)}
    if spec.conditional:
        tensors["labels"] = torch.arange(count, device=model.device) % len(spec.classes)
    tensors |= _replay(model, tensors["latents"], tensors.get("labels"))
    path.parent.mkdir(parents=True, exist_ok=True)
    metadata = {f"tolerance.{name}": repr(value) for name, value in _tolerances(model).items()}
    save_tensors(path, tensors, metadata)


def replay_golden(path: Path, model: Model) -> dict[str, tuple[float, float]]:
    """Compute the stored results anew.

    Returns:
        Greatest absolute difference and tolerance, for `samples` and, if it encodes, `encoded`.
        The tolerance is the stored one, but never more than genzoo itself would store: a model
        does not say how far off it may be.

    Raises:
        ArtifactError: The file is damaged, or was made for other samples or latents.
    """
    tensors, metadata = load_tensors(path)
    latents, labels = tensors.get("latents"), tensors.get("labels")
    fits = latents is not None and tuple(latents.shape[1:]) == model.latent_spec.shape
    if latents is None or not fits or not 1 <= len(latents) <= MAX_COUNT:
        raise ArtifactError(f"'{path}' was made for another model.")
    try:
        results = _replay(model, latents, labels, tensors.get("samples"))
        most = _tolerances(model)
        return {
            name: (
                _difference(tensors[name], result),
                min(most[name], float(metadata[f"tolerance.{name}"])),
            )
            for name, result in results.items()
        }
    except (KeyError, ValueError, RuntimeError) as error:
        raise ArtifactError(f"'{path}' was made for another model: {error}.") from error


def _tolerances(model: Model) -> dict[str, float]:
    spec = model.sample_spec
    return {"samples": (spec.high - spec.low) / 510, "encoded": LATENT_TOLERANCE}


def _replay(
    model: Model, latents: Tensor, labels: Tensor | None, samples: Tensor | None = None
) -> dict[str, Tensor]:
    """Samples of the latents and, if it encodes, latents of the (stored) samples."""
    made = model.decode(latents, labels)
    results = {"samples": made}
    if model.can_encode:
        results["encoded"] = model.encode(made if samples is None else samples, labels)
    return results


def _difference(stored: Tensor, computed: Tensor) -> float:
    if stored.shape != computed.shape:
        raise ValueError(f"shape {tuple(stored.shape)} instead of {tuple(computed.shape)}")
    difference = (stored.double() - computed.double().cpu()).abs().max()
    return float(torch.nan_to_num(difference, nan=math.inf))
