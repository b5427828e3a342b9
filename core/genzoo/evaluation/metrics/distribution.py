"""Metrics that compare the distribution of samples with that of the data, by their features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from genzoo.evaluation.metric import Estimate, Metric
from genzoo.evaluation.statistics.bootstrap import (
    Interval,
    bootstrap_mean,
    mean_of_few,
    share,
    share_of_dependent,
    without_groups,
)
from genzoo.evaluation.statistics.gaussian import (
    Gaussian,
    fit_gaussian,
    frechet_distance,
    frechet_influence,
    square_root,
)
from genzoo.evaluation.statistics.kernel import (
    DEGREE,
    block_discrepancies,
    block_size,
    whole_discrepancy,
)
from genzoo.evaluation.statistics.manifold import overlap
from genzoo.evaluation.subject import Subject

INCEPTION = "genzoo/inception-v3"
"""The feature space in which the distances are known as FID and KID."""


class FrechetDistance(Metric):
    """The Fréchet distance of Gaussians fitted to features (Heusel et al. 2017)."""

    def measure(self, subject: Subject) -> Sequence[Estimate]:
        """Its interval is over the draw of the samples; the data is taken as it is."""
        data, samples = subject.moments, fit_gaussian(subject.fake)
        root = square_root(data.covariance)
        value = frechet_distance(data, samples, root)
        spread = bootstrap_mean(frechet_influence(data, samples, subject.fake, root))
        return [
            Estimate(
                name="FID" if subject.space == INCEPTION else "Fréchet distance",
                interval=Interval(
                    value,
                    value + spread.low - spread.value,
                    value + spread.high - spread.value,
                    spread.error,
                ),
                better="lower",
                warnings=_bias(data, samples, subject),
            )
        ]


def _bias(data: Gaussian, samples: Gaussian, subject: Subject) -> tuple[str, ...]:
    """A warning where there are fewer images than features, with the bias where it can be told.

    It does not fall with one over the number of samples there (Chong and Forsyth 2020), so it is
    not extrapolated: as many images of the data are measured against the others, whose true
    distance is zero.
    """
    dimensions, count = len(data.mean), samples.count
    items = subject.data.kind.array
    few, what = min((data.count, f"{items} of the data"), (count, "samples"))
    if few >= dimensions:
        return ()
    start = f"{few} {what} do not span {dimensions} features: the Fréchet distance is too high"
    if data.count - count < dimensions:
        return (
            f"{start}, and by how much cannot be told from {data.count} {items} of the data. "
            "Compare it with numbers of the same counts only.",
        )
    images, rest = (fit_gaussian(part) for part in (subject.real[:count], subject.real[count:]))
    return (
        f"{start}, by about {frechet_distance(rest, images):.3g}: the distance of {count} {items} "
        f"of the data to the other {items}. Compare it with numbers of the same counts only.",
    )


class KernelDistance(Metric):
    """The squared maximum mean discrepancy of features (Bińkowski et al. 2018)."""

    parameters: ClassVar[Mapping[str, Any]] = {"kernel": f"(x·y/D + 1)^{DEGREE}"}

    def measure(self, subject: Subject) -> Sequence[Estimate]:
        """The mean over disjoint blocks, as is customary, and the estimate from all pairs.

        The interval of the first is over the draw of data and samples, that of the second over the
        draw of the samples.
        """
        count = min(len(subject.real), len(subject.fake))
        values = block_discrepancies(subject.real, subject.fake, block_size(count))
        blocks = mean_of_few(values)
        pairs = without_groups(*whole_discrepancy(subject.real[:count], subject.fake[:count]))
        name = "KID" if subject.space == INCEPTION else "Kernel distance"
        return [
            Estimate(name=name, interval=blocks, better="lower"),
            Estimate(name=f"{name} of all pairs", interval=pairs, better="lower"),
        ]


class PrecisionRecall(Metric):
    """Improved precision and recall (Kynkäänniemi et al. 2019)."""

    parameters: ClassVar[Mapping[str, Any]] = {"k": 3}

    def measure(self, subject: Subject) -> Sequence[Estimate]:
        """Intervals are over the draw of the samples; the data is taken as it is."""
        count = min(len(subject.real), len(subject.fake))
        found = overlap(subject.real[:count], subject.fake[:count], self.parameters["k"])
        return [
            Estimate(name="Precision", interval=share(found.precision), better="higher"),
            Estimate(
                name="Recall",
                interval=share_of_dependent(found.recall, found.recall_without),
                better="higher",
            ),
        ]


class DensityCoverage(Metric):
    """Density and coverage (Naeem et al. 2020)."""

    parameters: ClassVar[Mapping[str, Any]] = {"k": 5}

    def measure(self, subject: Subject) -> Sequence[Estimate]:
        """Intervals are over the draw of the samples; the data is taken as it is."""
        count = min(len(subject.real), len(subject.fake))
        found = overlap(subject.real[:count], subject.fake[:count], self.parameters["k"])
        return [
            Estimate(name="Density", interval=bootstrap_mean(found.density), better="higher"),
            Estimate(
                name="Coverage",
                interval=share_of_dependent(found.coverage, found.coverage_without),
                better="higher",
            ),
        ]
