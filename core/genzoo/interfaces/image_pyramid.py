"""Sides of images as a small base that is doubled: what convolutions that halve and double take."""

from __future__ import annotations

from dataclasses import dataclass

from genzoo.errors import SpecError
from genzoo.specs import SampleSpec

LEAST, MOST = 4, 16
"""Pixels that a side of the base has."""

FEWEST, FEWEST_OF_LATENTS = 2, 1
"""Doublings from the base to an image, or to an autoencoder's latents."""

LARGEST = 512
"""Pixels that a side of an image may have."""


@dataclass(frozen=True)
class ImagePyramid:
    """An image of `height << doublings` by `width << doublings` pixels.

    Attributes:
        height: Of the base, in pixels.
        width: Of the base.
        doublings: How often both are doubled.
    """

    height: int
    width: int
    doublings: int

    @property
    def base(self) -> tuple[int, int]:
        """Height and width of the base."""
        return self.height, self.width

    @classmethod
    def of(
        cls, sample: SampleSpec, architecture: str, kinds: tuple[str, ...] = ("image",)
    ) -> ImagePyramid:
        """That of images (channels, height, width), with the smallest base of at least 4 pixels.

        Args:
            sample: Their contract.
            architecture: Who asks, for errors.
            kinds: Of which they may be; `latent` for those of an autoencoder, which are smaller.

        Raises:
            SpecError: They are not images, or their sides are no small base that is doubled.
        """
        if sample.kind not in kinds or len(sample.shape) != 3:
            raise SpecError(
                f"Architecture {architecture} models images (channels, height, width), not samples "
                f"of kind '{sample.kind}' and shape {sample.shape}.",
                "See `genzoo architectures` for one of that kind.",
            )
        _, height, width = sample.shape
        found, doublings = (height, width), 0
        while not any(side % 2 or side // 2 < LEAST for side in found):
            found, doublings = (found[0] // 2, found[1] // 2), doublings + 1
        usable = max(found) <= MOST and max(height, width) <= LARGEST
        if sample.kind == "latent" and not (usable and doublings >= FEWEST_OF_LATENTS):
            raise SpecError(
                f"Architecture {architecture} cannot model latents of {width}x{height} places.",
                f"Choose a size of images whose latents have sides of {LEAST} to {MOST} places, "
                "doubled at least once.",
            )
        if sample.kind != "latent" and not (usable and doublings >= FEWEST):
            raise SpecError(
                f"Architecture {architecture} cannot model images of {width}x{height} pixels.",
                f"Give sides of {LEAST} to {MOST} pixels that are doubled at least twice, as with "
                f"--size 64 or --size 96x64; {LARGEST} is the most.",
            )
        return cls(*found, doublings)
