"""A metric and a feature space, as a stranger's plugin would bring them."""

from __future__ import annotations

from typing import ClassVar

import torch

from genzoo import (
    Estimate,
    FeatureExtractor,
    FeatureSpec,
    Metric,
    MetricSpec,
    bootstrap_mean,
    hookimpl,
)


class Brightness(Metric):
    """How bright samples are on average, in their range."""

    parameters: ClassVar = {"weights": "equal"}

    def measure(self, subject):
        samples = subject.samples(0, subject.settings.count)
        bright = bootstrap_mean(samples.flatten(1).mean(1).double().cpu().numpy())
        spread = bootstrap_mean(subject.fake.std(axis=1))
        return [
            Estimate(name="Brightness", interval=bright, better="neither"),
            Estimate(name="Spread", interval=spread, better="higher", unit="levels"),
        ]


class PlainBrightness(Metric):
    """The same without features."""

    def measure(self, subject):
        samples = subject.samples(0, subject.settings.count)
        bright = bootstrap_mean(samples.flatten(1).mean(1).double().cpu().numpy())
        return [Estimate(name="Brightness", interval=bright, better="neither")]


class OnlyVectors(Brightness):
    """Never for images."""


class Colours(FeatureExtractor):
    """Mean and deviation of each channel."""

    hash = "colours-1"

    def extract(self, images):
        x = images.float().flatten(1, 2)
        return torch.cat([x.mean(1), x.std(1)], 1)


@hookimpl
def genzoo_metrics():
    return [
        MetricSpec(name="brightness", target="metric_plugin:Brightness"),
        MetricSpec(name="vectors", target="metric_plugin:OnlyVectors", kinds=("vector",)),
    ]


@hookimpl
def genzoo_features():
    return [
        FeatureSpec(name="colours", target="metric_plugin:Colours"),
        FeatureSpec(name="dreams", target="metric_plugin:Colours", requires=("no_such_module",)),
    ]
