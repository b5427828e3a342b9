"""Which sizes the blocks of a network work at, and with how many channels."""

from __future__ import annotations

from dataclasses import dataclass

from genzoo import SampleSpec, SpecError

SMALLEST = 4
"""Least side in pixels of the smallest maps."""

LARGEST = 2048
"""Greatest side of an image in pixels."""


@dataclass(frozen=True)
class Level:
    """A block's maps.

    Attributes:
        resolution: What it is called: the side of a square map that began with `SMALLEST` pixels.
        height: In pixels.
        width: In pixels.
        channels: How many.
    """

    resolution: int
    height: int
    width: int
    channels: int


def levels(shape: tuple[int, ...], channel_base: int, channel_max: int) -> list[Level]:
    """The blocks' maps from the smallest, whose sides are below twice `SMALLEST` or odd.

    Args:
        shape: Channels, height and width of an image.
        channel_base: Channels times resolution.
        channel_max: Most channels.
    """
    _, height, width = shape
    doublings = 0
    while not (height % 2 or width % 2 or min(height, width) < 2 * SMALLEST):
        height, width, doublings = height // 2, width // 2, doublings + 1
    return [
        Level(
            SMALLEST << step,
            height << step,
            width << step,
            max(1, min(channel_base // (SMALLEST << step), channel_max)),
        )
        for step in range(doublings + 1)
    ]


def check_image(sample: SampleSpec, architecture: str) -> None:
    """Refuse samples that are not images whose sides are a small one doubled.

    Raises:
        SpecError: They are not; says what would do.
    """
    if sample.kind != "image" or len(sample.shape) != 3:
        raise SpecError(
            f"Architecture {architecture} models images (channels, height, width), not samples of "
            f"kind '{sample.kind}' and shape {sample.shape}.",
            "See `genzoo architectures` for one of that kind.",
        )
    _, height, width = sample.shape
    smallest = levels(sample.shape, 1, 1)[0]
    fits = max(height, width) <= LARGEST and min(height, width) >= 2 * SMALLEST
    if not fits or max(smallest.height, smallest.width) > 4 * SMALLEST:
        raise SpecError(
            f"Architecture {architecture} cannot model images of {width}x{height} pixels.",
            f"Give sides that are a few pixels doubled some times, up to {LARGEST}, as with "
            "--size 64.",
        )
