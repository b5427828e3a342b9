"""torchgan: its `Trainer` and minimax losses on the tutorial's networks."""

from __future__ import annotations

from pathlib import Path

import torch
import torchgan
from torch import Tensor, nn, optim
from torchgan.losses import MinimaxDiscriminatorLoss, MinimaxGeneratorLoss
from torchgan.models import Discriminator, Generator
from torchgan.trainer import Trainer
from tutorial_script import discriminator, generator

from toolkits.pictures import picture_loader
from toolkits.turns import Task, TurnLoader, Turns, facts_of, read_task

WIDTH, SIZE = 64, 64


class TutorialGenerator(Generator):
    """The tutorial's layers as torchgan wants them."""

    def __init__(self) -> None:
        super().__init__(encoding_dims=100)
        self.layers = generator(WIDTH, SIZE)

    def forward(self, z: Tensor) -> Tensor:
        """Map (N, 100) to pictures."""
        return self.layers(z.view(-1, 100, 1, 1))


class TutorialDiscriminator(Discriminator):
    """The tutorial's layers, but for the sigmoid: torchgan's losses are on logits."""

    def __init__(self) -> None:
        super().__init__(input_dims=3)
        self.layers: nn.Sequential = discriminator(WIDTH, SIZE)[:-1]

    def forward(self, x: Tensor) -> Tensor:
        """Map pictures to logits (N,)."""
        return self.layers(x).flatten()


def trainer(task: Task) -> Trainer:
    """As its documentation has it, on a processor."""
    adam = {"name": optim.Adam, "args": {"lr": 2e-4, "betas": (0.5, 0.999)}}
    networks = {
        "generator": {"name": TutorialGenerator, "optimizer": adam},
        "discriminator": {"name": TutorialDiscriminator, "optimizer": adam},
    }
    scratch = Path(task.scratch)
    return Trainer(
        networks,
        [MinimaxGeneratorLoss(), MinimaxDiscriminatorLoss()],
        device=torch.device("cpu"),
        checkpoints=str(scratch / "model" / "gan"),
        recon=str(scratch / "images"),
    )


if __name__ == "__main__":
    task = read_task()
    subject = trainer(task)
    networks = [subject.generator, subject.discriminator]
    turns = Turns(task.steps, facts_of(networks, torchgan.__version__))
    subject(TurnLoader(picture_loader(task.pictures, task.batch), turns))
