"""Perceptual path length: how far samples move when a latent moves a little."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from genzoo import Estimate, Metric, Model, Subject, bootstrap_mean, feature_network
from genzoo_metrics.network_features import NetworkFeatures

Map = Callable[[Tensor], Sequence[Tensor]]


class PathLength(Metric):
    """Mean squared distance of samples along paths of latents, over the step (Karras et al. 2019).

    The distance is that of the feature space's network: of its maps, each place of unit length,
    squared and averaged over places, as LPIPS has it without learned weights (Zhang et al. 2018).
    """

    parameters: ClassVar[Mapping[str, Any]] = {
        "paths": 1000,
        "step": 1e-2,
        "path": "great circle",
        "kept": [0.01, 0.99],
    }

    def applies(self, model: Model) -> bool:
        """Models that make samples of latents that are drawn from a normal prior."""
        return not model.architecture.draws_samples

    def measure(self, subject: Subject) -> Sequence[Estimate]:
        """Its interval is over the draw of the paths."""
        network = feature_network(subject.space)
        size = subject.extractor.size if isinstance(subject.extractor, NetworkFeatures) else None

        def maps(x: Tensor) -> Sequence[Tensor]:
            shown = x if size is None else F.interpolate(x, (size, size), mode="bilinear")
            return network(shown.to(next(network.parameters()).device))

        lengths = path_lengths(subject, maps, self.parameters["paths"], self.parameters["step"])
        kept = between(lengths, *self.parameters["kept"])
        return [
            Estimate(name="Perceptual path length", interval=bootstrap_mean(kept), better="lower")
        ]


@torch.inference_mode()
def path_lengths(subject: Subject, maps: Map, paths: int, step: float) -> NDArray[np.float64]:
    """d(G(z(t)), G(z(t + step))) / step² for paths z from one latent to another, (paths,).

    Args:
        subject: The model, and how its latents are drawn.
        maps: Samples (n, C, H, W) in [-1, 1] to maps (n, c, h, w).
        paths: How many.
        step: How far apart on a path of length one.
    """
    settings, model = subject.settings, subject.model
    random = np.random.default_rng(settings.seed)
    places = torch.from_numpy(random.random(paths) * (1 - step)).float()
    found, batch = [], max(1, settings.batch_size // 2)
    for first in range(0, paths, batch):
        count = min(batch, paths - first)
        ends = model.draw_latents(
            2 * count, seed=settings.seed, prior=settings.prior, start=2 * first
        )
        t = places[first : first + count].to(ends.device)
        pair = [slerp(ends[::2], ends[1::2], t), slerp(ends[::2], ends[1::2], t + step)]
        labels = subject.sample_labels(first, count)
        both = None if labels is None else torch.cat([labels, labels])
        x = unit_range(model.decode(torch.cat(pair), both, batch_size=2 * count), model)
        found.append(map_distance(maps(x[:count]), maps(x[count:])) / step**2)
        subject.progress("Paths", first + count, paths)
    return torch.cat(found).double().cpu().numpy()


def unit_range(x: Tensor, model: Model) -> Tensor:
    """Samples in the range of the model as samples in [-1, 1]."""
    low, high = model.sample_spec.low, model.sample_spec.high
    return (x.float() - low) * (2 / (high - low)) - 1


def slerp(start: Tensor, end: Tensor, t: Tensor) -> Tensor:
    """Places on the great circles between rows of latents, (N, *shape).

    Karras et al. 2019 put the latents on the unit sphere, as their network does by itself; here
    each keeps its length, from that of `start` to that of `end`.

    Args:
        start: (N, *shape).
        end: (N, *shape).
        t: (N,), in [0, 1].
    """
    # In double precision: the angle between opposite latents is lost to rounding otherwise.
    one, other, t = start.flatten(1).double(), end.flatten(1).double(), t.double()
    lengths = one.norm(dim=1), other.norm(dim=1)
    u, v = F.normalize(one), F.normalize(other)
    angle = (u * v).sum(1).clamp(-1, 1).acos()
    sine = angle.sin().clamp_min(1e-12)
    weights = ((1 - t) * angle).sin() / sine, (t * angle).sin() / sine
    direction = weights[0].unsqueeze(1) * u + weights[1].unsqueeze(1) * v
    length = (1 - t) * lengths[0] + t * lengths[1]
    return (direction * length.unsqueeze(1)).view_as(start).to(start.dtype)


def map_distance(first: Sequence[Tensor], second: Sequence[Tensor]) -> Tensor:
    """Squared distances of maps whose places are scaled to unit length, summed over maps, (N,)."""
    total = torch.zeros(len(first[0]), device=first[0].device)
    for one, other in zip(first, second, strict=True):
        change = F.normalize(one.float()) - F.normalize(other.float())
        total += change.square().sum(1).flatten(1).mean(1)
    return total


def between(values: ArrayLike, low: float, high: float) -> NDArray[np.float64]:
    """Those within two quantiles, as Karras et al. 2019 leave the ends of the lengths out."""
    array = np.asarray(values, np.float64)
    least, most = np.quantile(array, [low, high])
    return array[(array >= least) & (array <= most)]
