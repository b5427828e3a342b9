"""A built model: its parts, its prior and what can be done with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from itertools import chain
from typing import Any, Literal, cast

import torch
from torch import Tensor, nn

from genzoo.errors import CapabilityError, UsageError, unknown_name
from genzoo.interfaces.architecture import Architecture
from genzoo.interfaces.kind import Kind
from genzoo.interfaces.networks import Decoder, Generator
from genzoo.interfaces.noise import Noise, SampleNoise
from genzoo.interfaces.prior import Prior
from genzoo.model.batches import (
    Run,
    at_least_float32,
    evaluating,
    in_batches,
    in_float32,
)
from genzoo.model.decoding import (
    best_of,
    check_temperature,
    draw_of,
    draws_noise,
    find_decoder,
    noise_by_batch,
    truncating,
)
from genzoo.model.encoding import find_encoder, mode_of, require_encoder, require_inverse
from genzoo.model.fold_batch_norm import fold_batch_norm
from genzoo.model.labels import Labels, label_tensor
from genzoo.model.latent_paths import drawn, latent_walk
from genzoo.model.sampling_options import changed_options, sampling_by
from genzoo.model.shape_checks import check_rows
from genzoo.model.through import Through
from genzoo.specs import LatentSpec, SampleSpec
from genzoo.system.torch_globals import plain_inference

STANDARD_PRIOR = "default"


class Model(nn.Module):
    """Parts by name, priors by name and the contracts of samples and latents.

    Sample `i` is a function of the weights, the seed and `i` alone, up to the rounding of floating
    point sums: neither the batch size nor the number asked for matters.

    Args:
        architecture_name: Full name of the architecture, `distribution/name`.
        architecture: What built the parts.
        parts: Networks by name.
        priors: Further priors by name, beside the architecture's own (`default`).
        kind: What its samples are, with the options that its data had; or what makes that when it
            is first asked for.
        name: What it is called; by default as its architecture.
        through: An autoencoder that makes the samples of what the parts make, and latents for the
            parts of samples.

    Attributes:
        feature_networks: Full name and hash of each frozen network that its losses looked
            through. A measure in such a network flatters the model.
    """

    feature_networks: tuple[tuple[str, str], ...] = ()

    def __init__(
        self,
        architecture_name: str,
        architecture: Architecture,
        parts: Mapping[str, nn.Module],
        priors: Mapping[str, Prior] | None = None,
        kind: Kind | Callable[[], Kind] | None = None,
        name: str = "",
        through: Through | None = None,
    ) -> None:
        super().__init__()
        self.name = name or architecture_name
        self.architecture_name = architecture_name
        self.architecture = architecture
        self.parts = nn.ModuleDict(parts)
        self.priors = nn.ModuleDict({STANDARD_PRIOR: architecture.prior(), **(priors or {})})
        self.through = through
        self._kind = kind
        self._bind()
        self.eval()

    @property
    def kind(self) -> Kind:
        """What its samples are: reads, shows and writes them.

        Raises:
            CapabilityError: It was put together by hand, without one.
        """
        if self._kind is not None and not isinstance(self._kind, Kind):
            self._kind = self._kind()
        if self._kind is None:
            raise CapabilityError(
                f"This model of {self.architecture_name} was made without the kind of its samples.",
                "Make it with genzoo.build or genzoo.load, or give Model(..., kind=...).",
            )
        return self._kind

    def __getstate__(self) -> dict[str, Any]:
        # What makes the kind may be a closure, which no other process could be given.
        with suppress(CapabilityError):
            self._kind = self.kind
        return self.__dict__

    @property
    def sample_spec(self) -> SampleSpec:
        """Contract of the samples."""
        return self.architecture.sample if self.through is None else self.through.sample_spec

    @property
    def latent_spec(self) -> LatentSpec:
        """Contract of the latents."""
        return self.architecture.latent

    @property
    def device(self) -> torch.device:
        """Where the parameters live."""
        tensors = chain(self.parameters(), self.buffers())
        return next((tensor.device for tensor in tensors), torch.device("cpu"))

    @property
    def can_encode(self) -> bool:
        """Whether it has an encoder or a generator's inverse, to encode and reconstruct with."""
        return find_encoder(self.parts.values()) is not None

    @property
    def default_prior(self) -> str:
        """Name of the prior that latents are drawn from unless another is asked for."""
        wish = self.architecture.sampling_prior
        return wish if wish in self.priors else STANDARD_PRIOR

    def prior(self, name: str | None = None) -> Prior:
        """The prior of that name; the architecture's own when none is given.

        Raises:
            UnknownNameError: The model has no such prior.
        """
        key = name or self.default_prior
        if key not in self.priors:
            raise unknown_name(f"prior of {self.architecture_name}", key, self.priors.keys())
        return cast(Prior, self.priors[key])

    def add_priors(self, priors: Mapping[str, Prior]) -> None:
        """Offer further priors by name."""
        self.priors.update(priors)
        self._bind()

    def _bind(self) -> None:
        parts = dict(self.parts.items())
        for prior in self.priors.values():
            cast(Prior, prior).bind(parts)

    @plain_inference()
    def sample(
        self,
        count: int,
        *,
        seed: int = 0,
        labels: Labels | None = None,
        truncation: float = 1.0,
        truncated_layers: int | None = None,
        prior: str | None = None,
        temperature: float = 1.0,
        batch_size: int = 64,
        start: int = 0,
        **options: Any,
    ) -> Tensor:
        """Draw samples number `start` to `start + count - 1`.

        Args:
            count: How many; at least 1.
            seed: Names the endless sequence of samples that these are taken from.
            labels: Class indices or names (count,), or one name for all; by default class
                `i mod classes` for sample `i`.
            truncation: Shrinks latents towards the prior's centre, of a mixture the mean of each
                one's component: below 1 trades variety for typicality. With a `StyleGenerator` it
                shrinks styles towards their mean instead.
            truncated_layers: Of a `StyleGenerator`, how many layers that is done for, from the
                first one; by default all.
            prior: Name of the prior to draw from.
            temperature: Where samples are draws from a likelihood, how freely they are drawn: 0
                takes the most likely one.
            batch_size: How many to compute at once.
            start: Number of the first one.
            options: Other values of the architecture's sampling options, such as
                `sampling_steps=20`.

        Returns:
            (count, *sample shape), in the range of `sample_spec`.

        Raises:
            CapabilityError: A temperature where samples are not draws from a likelihood, or an
                option that the architecture does not sample by.
            ConfigError: A value that an option does not take.
            UsageError: A count, label, truncation or temperature that makes no sense.
        """
        check_temperature(temperature, self.architecture, self.architecture_name)
        by_prior = labels if self.prior(prior).classes else None
        own = labels if by_prior is None or self.sample_spec.classes else None
        classes = self._labels(own, count, start)
        part = self._decoding_part(count > batch_size, options)
        by_styles = truncating([part], truncation, truncated_layers)
        if by_styles is not None:
            latents = self.draw_latents(count, seed=seed, labels=by_prior, prior=prior, start=start)
            return self._batched(self._decoded(by_styles), latents, classes, batch_size)
        latents = self.draw_latents(
            count, seed=seed, labels=by_prior, truncation=truncation, prior=prior, start=start
        )
        if not draws_noise(part, self.architecture):
            run = self._decoded(best_of(part, self.architecture))
            return self._batched(run, latents, classes, batch_size)
        noises = noise_by_batch(seed, range(start, start + count), batch_size, self.device)
        run = self._decoded(draw_of(part, noises, temperature, self.architecture_name))
        return self._batched(run, latents, classes, batch_size)

    @plain_inference()
    def draw_latents(
        self,
        count: int,
        *,
        seed: int = 0,
        labels: Labels | None = None,
        truncation: float = 1.0,
        prior: str | None = None,
        start: int = 0,
    ) -> Tensor:
        """Latents of samples `start` to `start + count - 1`, (count, *latent shape).

        `labels` are for a prior that has classes of its own, as in `sample`.
        """
        if count < 1 or start < 0:
            raise UsageError(
                f"Cannot draw {count} samples from number {start}.", "Ask for at least one."
            )
        noise: Noise = SampleNoise(seed, range(start, start + count), self.device)
        chosen = in_float32(self.prior(prior))
        if chosen.classes:
            numbers = range(start, start + count)
            known = label_tensor(labels, chosen.classes, numbers, self.device, self.name)
            assert known is not None
            chosen = chosen.of_classes(known)
        with evaluating(self):
            return drawn(chosen, noise, truncation)

    def classes_to_draw(self, prior: str | None = None) -> tuple[str, ...]:
        """Names of the classes that samples can be asked for: the model's, or that prior's own."""
        return self.sample_spec.classes or self.prior(prior).classes

    @plain_inference()
    def decode(
        self, z: Tensor, labels: Labels | None = None, *, batch_size: int = 64, **options: Any
    ) -> Tensor:
        """Latents (N, *latent shape) to samples (N, *sample shape).

        Where the architecture takes `any_shape`, latents of other sides make samples of other
        sides. A likelihood's mean stands for the sample; its mode does where the architecture
        `draws_samples`. More than one batch, and whatever is computed in
        bfloat16, goes through a copy with batch normalisation folded into its convolutions.
        Sampling options are as those of `sample`.
        """
        self._check(z, "latents")
        part = self._decoding_part(len(z) > batch_size, options)
        run = self._decoded(best_of(part, self.architecture))
        return self._batched(run, z, self._labels(labels, len(z), 0), batch_size)

    @plain_inference()
    def encode(self, x: Tensor, labels: Labels | None = None, *, batch_size: int = 64) -> Tensor:
        """Samples (N, *sample shape) to latents (N, *latent shape).

        Where the architecture takes `any_shape`, samples may have other sides.

        They are the modes of the encoder's posteriors; without an encoder, what an invertible
        generator makes these very samples from.

        Raises:
            CapabilityError: The model has neither.
        """
        self._check(x, "samples")
        run = self._encoded(mode_of(require_encoder(self.parts.values(), self.architecture_name)))
        return self._batched(run, x, self._labels(labels, len(x), 0), batch_size)

    @plain_inference()
    def log_prob(
        self,
        x: Tensor,
        labels: Labels | None = None,
        *,
        prior: str | None = None,
        batch_size: int = 64,
    ) -> Tensor:
        """Exact log density of samples (N, *sample shape), in nats, (N,).

        By the change of variables: log p(z) + log|det dz/dx|.

        Args:
            x: Samples in the range of `sample_spec`.
            labels: Class indices or names (N,), or one name; by default the classes in turn.
            prior: Name of the prior that gives p(z).
            batch_size: How many to compute at once.

        Raises:
            CapabilityError: No part is an invertible generator, or it has the density of an
                autoencoder's latents.
        """
        if self.through is not None:
            raise CapabilityError(
                f"{self.name} has a density of latents, not of {self.sample_spec.kind}.",
                "Encode with its autoencoder, model.through, to ask about latents.",
            )
        self._check(x, "samples")
        generator = require_inverse(self.parts.values(), self.architecture_name)
        density = in_float32(self.prior(prior))

        def run(rows: Tensor, classes: Tensor | None) -> Tensor:
            z, log_det = generator.inverse(rows, classes)
            return density.log_prob(at_least_float32(z)) + log_det

        return self._batched(run, x, self._labels(labels, len(x), 0), batch_size)

    def reconstruct(
        self, x: Tensor, labels: Labels | None = None, *, batch_size: int = 64, **options: Any
    ) -> Tensor:
        """Samples (N, *sample shape) encoded and decoded again."""
        latents = self.encode(x, labels, batch_size=batch_size)
        return self.decode(latents, labels, batch_size=batch_size, **options)

    @plain_inference()
    def interpolate(
        self,
        start: Tensor,
        end: Tensor,
        steps: int,
        labels: Labels | None = None,
        *,
        batch_size: int = 64,
        **options: Any,
    ) -> Tensor:
        """Samples along the great circle between two latents, ends included, (steps, ...).

        Spherical interpolation keeps the norm that the normal prior's latents have (White 2016).
        """
        path = latent_walk([start, end], steps, loop=False, eased=False)
        return self.decode(path, labels, batch_size=batch_size, **options)

    def _decoding_part(self, several: bool, options: Mapping[str, Any]) -> Generator | Decoder:
        """What decodes, folded where that pays: for several batches, or in bfloat16."""
        part = find_decoder(self.parts.values(), self.architecture_name)
        if options:
            config = changed_options(self.architecture.config, options, self.name)
            part = sampling_by(part, config)
        if several or torch.is_autocast_enabled(self.device.type):
            with evaluating(part):
                return fold_batch_norm(part)
        return part

    def _decoded(self, run: Run) -> Run:
        """What makes samples of what the parts make."""
        through = self.through
        if through is None:
            return run
        return lambda z, labels: through.decode(run(z, labels))

    def _encoded(self, run: Run) -> Run:
        """What takes samples, of what takes that which the parts see."""
        through = self.through
        if through is None:
            return run
        return lambda x, labels: run(through.encode(x), labels)

    def _batched(self, run: Run, rows: Tensor, labels: Tensor | None, batch_size: int) -> Tensor:
        with evaluating(self):
            return in_batches(run, rows, labels, batch_size, self)

    def _labels(self, labels: Labels | None, count: int, start: int) -> Tensor | None:
        classes, numbers = self.sample_spec.classes, range(start, start + count)
        return label_tensor(labels, classes, numbers, self.device, self.architecture_name)

    def _check(self, rows: Tensor, what: Literal["latents", "samples"]) -> None:
        if self.through is not None and what == "samples":
            self.through.autoencoder._check(rows, what)
        else:
            check_rows(self.architecture, self.architecture_name, rows, what)
