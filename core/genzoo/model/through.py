"""An autoencoder that stands between a model and its samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import Tensor, nn

from genzoo.specs import SampleSpec

if TYPE_CHECKING:
    from genzoo.model.model import Model


@dataclass(frozen=True)
class AutoencoderSource:
    """Where an autoencoder is from.

    Attributes:
        name: What the user called it.
        reference: `owner/name@commit` on the Hub, where a model that works through it names it
            instead of carrying it; else empty.
        sha256: Of the file with its weights.
        size: Of that file, in bytes.
    """

    name: str
    reference: str = ""
    sha256: str = ""
    size: int = 0


class Through(nn.Module):
    """A frozen autoencoder, in whose latents a model works (Rombach et al. 2022).

    The model sees latents with mean 0 and deviation 1 in every channel of its data.

    Args:
        autoencoder: It maps content to latents and back.
        latents: Contract of the latents as the model sees them, with its classes.
        mean: Mean of each channel of the data's latents, (C,).
        deviation: Standard deviation of each channel, (C,).
        source: Where the autoencoder is from.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(
        self,
        autoencoder: Model,
        latents: SampleSpec,
        mean: Tensor,
        deviation: Tensor,
        source: AutoencoderSource,
    ) -> None:
        super().__init__()
        self.autoencoder = autoencoder
        self.latents = latents
        self.source = source
        self.register_buffer("mean", mean)
        self.register_buffer("deviation", deviation)

    @property
    def sample_spec(self) -> SampleSpec:
        """Contract of the content, with the model's classes."""
        content = self.autoencoder.sample_spec
        return content.model_copy(update={"classes": self.latents.classes})

    def encode(self, x: Tensor) -> Tensor:
        """Content (N, *sample shape) to the latents that the model sees (N, *latents' shape)."""
        latents = self.autoencoder.encode(x, batch_size=len(x))
        return (latents - self._along(self.mean)) / self._along(self.deviation)

    def decode(self, latents: Tensor) -> Tensor:
        """The inverse: content in the range of `sample_spec`."""
        raw = latents * self._along(self.deviation) + self._along(self.mean)
        return self.autoencoder.decode(raw, batch_size=len(raw))

    def _along(self, values: Tensor) -> Tensor:
        """(C,) so that it goes along the channels of (N, C, *places)."""
        return values.view(-1, *[1] * (len(self.latents.shape) - 1))


def latent_contract(autoencoder: Model, classes: tuple[str, ...] = ()) -> SampleSpec:
    """The contract of an autoencoder's latents as samples of a model, (C, *places).

    They have no bounds; their usual size is 1.
    """
    shape = autoencoder.latent_spec.shape
    return SampleSpec(kind=LATENT, shape=shape, bounded=False, classes=classes)


LATENT = "latent"
"""The kind of samples that are latents of an autoencoder."""
