"""The inception score: how sure the Inception network is of samples, and of how many things."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genzoo import CapabilityError, Estimate, Metric, Subject, mean_of_few, published_weights
from genzoo_metrics import inception
from genzoo_metrics.feature_blocks import Features, blocks
from genzoo_metrics.frechet_distance import INCEPTION


class InceptionScore(Metric):
    """exp of the mean divergence of p(y|x) from p(y) (Salimans et al. 2016)."""

    parameters: ClassVar[Mapping[str, Any]] = {"splits": 10, "logits": "1008 without bias"}

    def measure(self, subject: Subject) -> Sequence[Estimate]:
        """The mean over splits of the samples, as is customary, with Student's interval over them.

        Raises:
            CapabilityError: The features are not those of the network it is defined on.
        """
        if subject.space != INCEPTION:
            raise CapabilityError(
                f"The inception score is defined on inception-v3, not in {subject.space}.",
                "Choose --features inception-v3.",
            )
        weights = published_weights(inception.SHA256, None, inception.HINT)
        scores = inception_scores(subject.fake, weights["fc.weight"], self.parameters["splits"])
        interval = mean_of_few(scores)
        return [Estimate(name="Inception score", interval=interval, better="higher")]


def inception_scores(features: Features, weight: Tensor, splits: int) -> NDArray[np.float64]:
    """The score of each of the splits, (splits,).

    Args:
        features: Pooled features (N, D) in order; at least as many as splits.
        weight: The classifier's, (classes, D). Its bias is left out, as the first code had it.
        splits: Into how many successive parts, as equal as can be.
    """
    logits = torch.cat([rows @ weight.double().T for _, rows in blocks(features, torch.float64)])
    edges = [number * len(logits) // splits for number in range(splits + 1)]
    scores = []
    for first, last in pairwise(edges):
        log_p = logits[first:last].log_softmax(1)
        p = log_p.exp()
        divergence = (p * (log_p - p.mean(0, keepdim=True).log())).sum(1)
        scores.append(float(divergence.mean().exp()))
    return np.array(scores)
