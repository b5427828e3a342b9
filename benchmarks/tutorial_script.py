"""The training loop that tutorials print, as plainly as they do.

Networks, losses, optimisers and data loading are the usual script's; it is mended only as far as
it takes to run: matching logit sizes, detached fakes, float labels, one more layer for 64 pixels.
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


def generator(width: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    before = 100
    for number, after in enumerate((8 * width, 4 * width, 2 * width, width)):
        stride, padding = (1, 0) if number == 0 else (2, 1)
        layers += [
            nn.ConvTranspose2d(before, after, 4, stride, padding, bias=False),
            nn.BatchNorm2d(after),
            nn.ReLU(True),
        ]
        before = after
    return nn.Sequential(*layers, nn.ConvTranspose2d(before, 3, 4, 2, 1, bias=False), nn.Tanh())


def discriminator(width: int) -> nn.Sequential:
    layers: list[nn.Module] = [nn.Conv2d(3, width, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, True)]
    for scale in (1, 2, 4):
        layers += [
            nn.Conv2d(scale * width, 2 * scale * width, 4, 2, 1, bias=False),
            nn.BatchNorm2d(2 * scale * width),
            nn.LeakyReLU(0.2, True),
        ]
    return nn.Sequential(*layers, nn.Conv2d(8 * width, 1, 4, 1, 0, bias=False), nn.Sigmoid())


def batches(folder: Path) -> Iterator[Tensor]:
    normalise = transforms.Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    steps = [transforms.Resize(64), transforms.ToTensor(), normalise]
    data = datasets.ImageFolder(str(folder), transform=transforms.Compose(steps))
    while True:
        for x, _ in DataLoader(data, batch_size=64, shuffle=True, drop_last=True):
            yield x


class Script:
    def __init__(self, folder: Path) -> None:
        torch.manual_seed(0)
        self.generator, self.discriminator = generator(64), discriminator(64)
        self.criterion = nn.BCELoss()
        betas = (0.5, 0.999)
        self.adam_g = torch.optim.Adam(self.generator.parameters(), lr=2e-4, betas=betas)
        self.adam_d = torch.optim.Adam(self.discriminator.parameters(), lr=2e-4, betas=betas)
        self.data = batches(folder)

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
    serve(Script(Path(sys.argv[1])).turn)
