"""Latents of given samples for generators without an encoder, by optimisation.

After Zhu et al. 2016 (arXiv:1609.03552) and, where a model has styles, Abdal et al. 2019
(arXiv:1904.03189) and the projector of Karras et al. 2020 (arXiv:1912.04958, appendix D).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from genzoo.errors import CapabilityError, UsageError
from genzoo.interfaces.distributions import Likelihood
from genzoo.interfaces.feature_network import FeatureNetwork
from genzoo.interfaces.networks import StyleGenerator
from genzoo.interfaces.noise import BatchNoise, derive_seed
from genzoo.model.batches import evaluating
from genzoo.model.decoding import find_decoder
from genzoo.model.labels import Labels, label_tensor
from genzoo.model.model import Model
from genzoo.progress import Progress, silent
from genzoo.system.torch_globals import plain_modes

CANDIDATES = 256
"""Latents that are drawn to begin at the nearest of."""

EXPLORING = 0.5
"""Share of the steps in which noise is added to what is optimised."""

NOISE = 0.3
"""Deviation of that noise at first, in those of the latents."""

DECAYING = 0.4
"""Share of the steps at the end over which the learning rate falls."""

Make = Callable[[Tensor, Tensor | None], Tensor]


@dataclass(frozen=True)
class Inversion:
    """What samples were found to be made of.

    Attributes:
        latents: (N, *latent shape); where the model has styles, those: (N, style_count, style_dim).
        styles: Whether they are styles.
        samples: What the model makes of them, (N, *sample shape).
        psnr: Peak signal-to-noise ratio of each in dB, (N,).
    """

    latents: Tensor
    styles: bool
    samples: Tensor
    psnr: Tensor


@plain_modes()
def invert(
    model: Model,
    x: Tensor,
    labels: Labels | None = None,
    *,
    steps: int = 300,
    features: FeatureNetwork | None = None,
    perceptual: float = 0.1,
    learning_rate: float = 0.1,
    seed: int = 0,
    batch_size: int = 16,
    progress: Progress = silent,
) -> Inversion:
    """Find latents, or styles where the model has them, that the model makes samples from.

    Adam minimises the mean squared error of the samples in units of their range and, through a
    frozen network, of its normalised features. It begins at the nearest of a few hundred draws.
    Noise that fades is added to the latents in the first half, so that it does not stay in the
    basin that it begins in. What layers of styles add of noise stays as it is in the weights.

    Args:
        model: A model whose samples are made from latents.
        x: Samples (N, *sample shape) in the range of `sample_spec`.
        labels: Class indices or names (N,), or one name; by default the classes in turn.
        steps: Of the optimiser, for each batch.
        features: Looks at images too; by default they are compared by pixels alone.
        perceptual: Weight of what it sees.
        learning_rate: At first, in deviations of the latents.
        seed: Names the draws.
        batch_size: How many are found at once; changes results by rounding alone.
        progress: Hears of the steps.

    Raises:
        CapabilityError: The model makes no samples of latents by one pass of gradients.
        UsageError: There are no samples, or no steps.
    """
    if not len(x) or steps < 1:
        raise UsageError("Inversion needs at least one sample and one step.")
    classes = model.sample_spec.classes
    numbers = label_tensor(labels, classes, range(len(x)), model.device, model.architecture_name)
    part = find_decoder(model.parts.values(), model.architecture_name)
    total, results = steps * math.ceil(len(x) / batch_size), []
    with evaluating(model), torch.enable_grad():
        for start in range(0, len(x), batch_size):
            rows = slice(start, start + batch_size)
            search = _Search(model, part, x[rows], None if numbers is None else numbers[rows])
            search.look = _Look(features, perceptual, model.sample_spec.low, model.sample_spec.high)
            done = start // batch_size * steps

            def advance(step: int, done: int = done) -> None:
                progress("Optimising", done + step, total)

            results.append(search.run(steps, learning_rate, seed, advance))
    latents, samples = (torch.cat([each[i] for each in results]) for i in range(2))
    span = model.sample_spec.high - model.sample_spec.low
    error = ((samples - x.to(samples.device)) / span).square().flatten(1).mean(1)
    psnr = -10.0 * torch.log10(error.clamp_min(1e-12))
    return Inversion(latents, isinstance(part, StyleGenerator), samples, psnr)


class _Look:
    """How far samples are from others: by pixels, and through a frozen network."""

    def __init__(
        self, network: FeatureNetwork | None, weight: float, low: float, high: float
    ) -> None:
        self.network = network if weight else None
        self.weight = weight
        self._middle, self._half = (low + high) / 2, (high - low) / 2

    def maps(self, x: Tensor) -> list[Tensor]:
        """Feature maps of unit length at each place (Zhang et al. 2018, equation 1)."""
        if self.network is None:
            return []
        unit = (x - self._middle) / self._half
        return [nn.functional.normalize(each.float(), dim=1) for each in self.network(unit)]

    def distances(self, made: Tensor, x: Tensor, maps: Sequence[Tensor]) -> Tensor:
        """Of each sample from its own, (N,)."""
        pixels = ((made - x) / (2 * self._half)).square().flatten(1).mean(1)
        seen = self.maps(made) if maps else []
        parts = [
            (a - b).square().sum(1).flatten(1).mean(1) for a, b in zip(seen, maps, strict=True)
        ]
        return pixels + self.weight * torch.stack(parts).mean(0) if parts else pixels


class _Search:
    """Latents, or styles, of one batch of samples."""

    look: _Look

    def __init__(self, model: Model, part: nn.Module, x: Tensor, labels: Tensor | None) -> None:
        self.model = model
        self.part = part
        self.x = x.to(model.device).float()
        self.labels = labels

    def make(self, point: Tensor) -> Tensor:
        """Samples of latents or styles."""
        if isinstance(self.part, StyleGenerator):
            return self.part.synthesise(point)
        made = self.part(point, self.labels)
        return made.mean() if isinstance(made, Likelihood) else made

    def run(
        self, steps: int, rate: float, seed: int, progress: Callable[[int], None]
    ) -> tuple[Tensor, Tensor]:
        """The best point that was passed of each sample, and the samples that it makes."""
        self.x.requires_grad_(False)
        with torch.no_grad():
            maps = self.look.maps(self.x)
            start, scale = self._begin(seed)
        point = start.clone().requires_grad_()
        optimizer = torch.optim.Adam([point], lr=rate * scale, betas=(0.9, 0.99))
        best = torch.full((len(point),), math.inf, device=point.device)
        kept = start.clone()
        noise = BatchNoise(len(point), derive_seed(seed, "inversion"), point.device)
        for step in range(steps):
            optimizer.param_groups[0]["lr"] = rate * scale * _fall(step / steps)
            fading = max(0.0, 1.0 - step / steps / EXPLORING) ** 2
            jitter = noise.normal(*point.shape[1:]) * (NOISE * scale * fading)
            made = self.make(point + jitter)
            distances = self.look.distances(made, self.x, maps)
            if not distances.requires_grad:
                raise CapabilityError(
                    f"{self.model.architecture_name} makes its samples without gradients, so their "
                    "latents cannot be found by optimisation."
                )
            if not fading:
                better = distances.detach() < best
                kept[better], best[better] = point.detach()[better], distances.detach()[better]
            (gradient,) = torch.autograd.grad(distances.sum(), point)
            point.grad = gradient
            optimizer.step()
            progress(step + 1)
        with torch.no_grad():
            made = self.make(kept)
        return kept.detach(), made.detach()

    def _begin(self, seed: int) -> tuple[Tensor, float]:
        """Of a few hundred draws the nearest to each sample by pixels, and their deviation."""
        draws = self.model.draw_latents(CANDIDATES, seed=seed)
        if isinstance(self.part, StyleGenerator):
            return self._mean_style(draws)
        coarse = nn.functional.adaptive_avg_pool2d if self.x.ndim == 4 else None
        target = coarse(self.x, 16).flatten(1) if coarse else self.x.flatten(1)
        nearest = torch.full((len(self.x),), math.inf, device=self.x.device)
        chosen = draws[:1].repeat(len(self.x), *[1] * (draws.ndim - 1))
        for first in range(0, len(draws), 64):
            some = draws[first : first + 64]
            for label in [None] if self.labels is None else self.labels.unique().tolist():
                rows = slice(None) if label is None else self.labels == label
                classes = None if label is None else torch.full((len(some),), label)
                made = self.part(some, None if classes is None else classes.to(some.device))
                made = made.mean() if isinstance(made, Likelihood) else made
                pooled = coarse(made, 16).flatten(1) if coarse else made.flatten(1)
                distance, index = torch.cdist(target[rows], pooled.float()).min(1)
                better = distance < nearest[rows]
                own, near = chosen[rows], nearest[rows]
                own[better], near[better] = some[index][better], distance[better]
                chosen[rows], nearest[rows] = own, near
        return chosen, float(draws.std())

    def _mean_style(self, draws: Tensor) -> tuple[Tensor, float]:
        assert isinstance(self.part, StyleGenerator)
        count = len(draws)
        means = []
        for row in range(len(self.x)):
            label = None if self.labels is None else self.labels[row].expand(count)
            means.append(self.part.styles(draws, label))
        deviation = float(torch.stack([each.std(0).mean() for each in means]).mean())
        return torch.stack([each.mean(0) for each in means]), deviation


def _fall(share: float) -> float:
    """The learning rate's course: it rises over a twentieth, and falls to 0 at the end."""
    rising = min(1.0, share / 0.05 + 0.05)
    falling = min(1.0, (1.0 - share) / DECAYING)
    return rising * (0.5 - 0.5 * math.cos(math.pi * falling))
