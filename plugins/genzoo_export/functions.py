"""What of a model is exported: plain functions of tensors, as networks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from genzoo import (
    CapabilityError,
    Decoder,
    Encoder,
    Generator,
    InvertibleGenerator,
    Model,
    UsageError,
)

COUNT = 4
"""Rows that an exported file is compared on."""
LATENT_TOLERANCE = 0.01
"""As for golden samples: latents have a deviation of about 1."""


class Decode(nn.Module):
    """Latents (N, *latent shape) and classes (N,), if it has some, to samples."""

    def __init__(self, part: Generator | Decoder, draws_samples: bool) -> None:
        super().__init__()
        self.part = part
        self.draws_samples = draws_samples

    def forward(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        """Samples (N, *sample shape): of a decoder the mean, or mode where it draws samples."""
        made = self.part(latents, labels)
        if isinstance(self.part, Generator):
            return made
        return made.mode() if self.draws_samples else made.mean()


class Encode(nn.Module):
    """Samples (N, *sample shape) and classes (N,), if it has some, to latents."""

    def __init__(self, part: Encoder | InvertibleGenerator) -> None:
        super().__init__()
        self.part = part

    def forward(self, samples: Tensor, labels: Tensor | None = None) -> Tensor:
        """Latents (N, *latent shape): the posterior's mode, or what the samples are made from."""
        if isinstance(self.part, Encoder):
            return self.part(samples, labels).mode()
        return self.part.inverse(samples, labels)[0]


@dataclass(frozen=True)
class Function:
    """A function of a model with what it must give.

    Attributes:
        name: `decode` or `encode`.
        network: It, as a network in float32 on the processor.
        inputs: Tensors by name, rows first; two rows or more.
        output: What it is called.
        expected: What genzoo computes of the inputs.
        tolerance: How far a file's results may be from them.
        any_shape: Whether rows may have other sides.
    """

    name: str
    network: nn.Module
    inputs: Mapping[str, Tensor]
    output: str
    expected: Tensor
    tolerance: float
    any_shape: bool


def find_function(model: Model, name: str | None) -> Function:
    """A function of `model` to export.

    Args:
        model: It is left as it is.
        name: `decode` or `encode`; by default `decode`.

    Raises:
        CapabilityError: The model has no such function.
        UsageError: The name is not known.
    """
    known: Mapping[str, Callable[[Model], Function]] = {"decode": _decode, "encode": _encode}
    if name is not None and name not in known:
        raise UsageError(f"'{name}' cannot be exported.", f"Known: {', '.join(known)}.")
    return known[name or "decode"](model)


def _decode(model: Model) -> Function:
    part = _decoder(model)
    network = Decode(part, model.architecture.draws_samples)
    latents = model.draw_latents(COUNT, seed=0)
    labels = _labels(model)
    spec = model.sample_spec
    return Function(
        name="decode",
        network=_plain(network),
        inputs={"latents": latents, **labels},
        output="samples",
        expected=model.decode(latents, labels.get("labels")),
        tolerance=(spec.high - spec.low) / 510,
        any_shape=model.architecture.any_shape,
    )


def _encode(model: Model) -> Function:
    part = _encoder(model)
    labels = _labels(model)
    samples = model.decode(model.draw_latents(COUNT, seed=0), labels.get("labels"))
    return Function(
        name="encode",
        network=_plain(Encode(part)),
        inputs={"samples": samples, **labels},
        output="latents",
        expected=model.encode(samples, labels.get("labels")),
        tolerance=LATENT_TOLERANCE,
        any_shape=model.architecture.any_shape,
    )


def _decoder(model: Model) -> Generator | Decoder:
    for part in model.parts.values():
        if isinstance(part, Generator | Decoder):
            return part
    raise CapabilityError(f"{model.name} has neither a generator nor a decoder to export.")


def _encoder(model: Model) -> Encoder | InvertibleGenerator:
    parts = list(model.parts.values())
    for part in parts:
        if isinstance(part, Encoder):
            return part
    for part in parts:
        if isinstance(part, InvertibleGenerator):
            return part
    raise CapabilityError(f"{model.name} has no encoder to export.", "Leave --part out.")


def _plain(network: nn.Module) -> nn.Module:
    return deepcopy(network).float().cpu().eval()


def _labels(model: Model) -> dict[str, Tensor]:
    classes = model.sample_spec.classes
    return {"labels": torch.arange(COUNT) % len(classes)} if classes else {}
