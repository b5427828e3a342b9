"""The data of every comparison: the bundled portraits as PNG files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import ConcatDataset, DataLoader, Dataset
from torchvision import datasets, transforms

REPEATS = 100
"""So often an epoch has each picture: a run is too short for one to end.

Toolkits save, draw or copy at the end of an epoch, which a small folder would have happen far more
often than a real one.
"""


def endless(data: Dataset[Any]) -> Dataset[Any]:
    """The same pictures in an epoch that does not end."""
    return ConcatDataset([data] * REPEATS)


def picture_data(folder: str) -> datasets.ImageFolder:
    """Pictures in [-1, 1] as everybody reads them."""
    normalise = transforms.Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    return datasets.ImageFolder(folder, transforms.Compose([transforms.ToTensor(), normalise]))


def picture_loader(folder: str, batch: int) -> DataLoader[Any]:
    """Batches of pictures and their class, in random order."""
    return DataLoader(endless(picture_data(folder)), batch_size=batch, shuffle=True)


def picture_tensor(folder: str) -> Tensor:
    """All pictures in memory, (N, 3, size, size)."""
    return torch.stack([picture for picture, _ in picture_data(folder)])


def write_pictures(folder: Path, size: int, pixels: Iterable[Any]) -> Path:
    """Write a folder of PNG files.

    Args:
        folder: Where.
        size: Pixels of a side.
        pixels: Pictures (height, width, 3), uint8.
    """
    target = folder / f"pictures-{size}"
    (target / "peeps").mkdir(parents=True)
    for number, picture in enumerate(pixels):
        image = Image.fromarray(picture).resize((size, size), Image.Resampling.BOX)
        image.save(target / "peeps" / f"{number:05d}.png")
    return target
