"""The training loop that tutorials print, as plainly as they do.

Networks, losses, optimisers and data loading are the usual script's; it is mended only as far as
it takes to run: matching logit sizes, detached fakes, float labels. It is the tutorial's network of
four layers at 32 pixels; at 64 it has one more.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import torch
from interleave import serve
from torch import Tensor, nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

STEPS_PER_TURN = 4


def scales(size: int) -> list[int]:
    """Channels from the image inwards, as multiples of the width: 1, 2, 4 and, at 64 pixels, 8."""
    return [1, 2, 4, 8] if size == 64 else [1, 2, 4]


def generator(width: int, size: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    before = 100
    for number, scale in enumerate(reversed(scales(size))):
        after = scale * width
        stride, padding = (1, 0) if number == 0 else (2, 1)
        layers += [
            nn.ConvTranspose2d(before, after, 4, stride, padding, bias=False),
            nn.BatchNorm2d(after),
            nn.ReLU(True),
        ]
        before = after
    return nn.Sequential(*layers, nn.ConvTranspose2d(before, 3, 4, 2, 1, bias=False), nn.Tanh())


def discriminator(width: int, size: int) -> nn.Sequential:
    layers: list[nn.Module] = [nn.Conv2d(3, width, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, True)]
    before, *deeper = (scale * width for scale in scales(size))
    for after in deeper:
        layers += [
            nn.Conv2d(before, after, 4, 2, 1, bias=False),
            nn.BatchNorm2d(after),
            nn.LeakyReLU(0.2, True),
        ]
        before = after
    return nn.Sequential(*layers, nn.Conv2d(before, 1, 4, 1, 0, bias=False), nn.Sigmoid())


def batches(folder: Path, size: int) -> Iterator[Tensor]:
    normalise = transforms.Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    steps = [transforms.Resize(size), transforms.ToTensor(), normalise]
    data = datasets.ImageFolder(str(folder), transform=transforms.Compose(steps))
    while True:
        for x, _ in DataLoader(data, batch_size=64, shuffle=True, drop_last=True):
            yield x


class Script:
    def __init__(self, folder: Path, size: int) -> None:
        torch.manual_seed(0)
        self.generator, self.discriminator = generator(64, size), discriminator(64, size)
        self.criterion = nn.BCELoss()
        betas = (0.5, 0.999)
        self.adam_g = torch.optim.Adam(self.generator.parameters(), lr=2e-4, betas=betas)
        self.adam_d = torch.optim.Adam(self.discriminator.parameters(), lr=2e-4, betas=betas)
        self.data = batches(folder, size)

    def step(self) -> None:
        real = next(self.data)
        ones, zeros = torch.ones(len(real)), torch.zeros(len(real))
        self.adam_d.zero_grad()
        self.criterion(self.discriminator(real).view(-1), ones).backward()
        fake = self.generator(torch.randn(len(real), 100, 1, 1))
        self.criterion(self.discriminator(fake.detach()).view(-1), zeros).backward()
        self.adam_d.step()
        self.adam_g.zero_grad()
        self.criterion(self.discriminator(fake).view(-1), ones).backward()
        self.adam_g.step()

    def turn(self) -> None:
        for _ in range(STEPS_PER_TURN):
            self.step()


if __name__ == "__main__":
    serve(Script(Path(sys.argv[1]), int(sys.argv[2])).turn)
