"""The one network of a flow: it samples, and it encodes."""

from __future__ import annotations

from torch import Tensor, nn

from genzoo import InvertibleGenerator, SampleSpec, UsageError
from genzoo_flow.bijections import Bijection
from genzoo_flow.squash import Squash

LABEL_FEATURES = 8


def context_features(sample: SampleSpec) -> int:
    """Numbers that describe a label to the couplings; 0 for an unconditional model."""
    return LABEL_FEATURES if sample.conditional else 0


class Flow(InvertibleGenerator):
    """A bijection of latents and samples that knows its class labels and its range, if any.

    Args:
        steps: A bijection of values without bounds, (N, *sample shape).
        sample: Contract of the samples.
    """

    def __init__(self, steps: Bijection, sample: SampleSpec) -> None:
        super().__init__()
        self.squash = Squash(sample.low, sample.high) if sample.bounded else None
        self.steps = steps
        features = context_features(sample)
        self.labels = nn.Embedding(len(sample.classes), features) if features else None

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Latents (N, *sample shape) to samples of that shape, in the sample's range.

        Raises:
            UsageError: A conditional model without labels.
        """
        context = self._context(labels)
        x = self.steps(z, context)
        return x if self.squash is None else self.squash(x, context)

    def inverse(self, x: Tensor, labels: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Samples to latents, and log|det dz/dx|, (N,).

        Raises:
            UsageError: A conditional model without labels.
        """
        context = self._context(labels)
        if self.squash is None:
            return self.steps.inverse(x, context)
        unbounded, squashing = self.squash.inverse(x, context)
        z, log_det = self.steps.inverse(unbounded, context)
        return z, squashing + log_det

    def _context(self, labels: Tensor | None) -> Tensor | None:
        if self.labels is None:
            return None
        if labels is None:
            raise UsageError("A class-conditional model needs a label for every row.")
        return self.labels(labels)
