"""torchgan: its DCGAN networks, minimax losses and `Trainer`, as its tutorial has them."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import torch
import torchgan
from toolkits.pictures import picture_loader
from torch import nn, optim
from torchgan.losses import MinimaxDiscriminatorLoss, MinimaxGeneratorLoss
from torchgan.models import DCGANDiscriminator, DCGANGenerator
from torchgan.trainer import Trainer

from racers.lap import TimedLoader, TimeIsUpError, finish, parameters_of, read_lap

BATCH, LATENTS = 64, 100


def trainer(scratch: str, size: int) -> Trainer:
    """Its two networks of 64 channels next to the picture, each with Adam."""
    adam = {"name": optim.Adam, "args": {"lr": 2e-4, "betas": (0.5, 0.999)}}
    generator = {
        "name": DCGANGenerator,
        "args": {
            "encoding_dims": LATENTS,
            "out_size": size,
            "out_channels": 3,
            "step_channels": 64,
            "nonlinearity": nn.LeakyReLU(0.2),
            "last_nonlinearity": nn.Tanh(),
        },
        "optimizer": adam,
    }
    discriminator = {
        "name": DCGANDiscriminator,
        "args": {
            "in_size": size,
            "in_channels": 3,
            "step_channels": 64,
            "nonlinearity": nn.LeakyReLU(0.2),
            "last_nonlinearity": nn.LeakyReLU(0.2),
        },
        "optimizer": adam,
    }
    return Trainer(
        {"generator": generator, "discriminator": discriminator},
        [MinimaxGeneratorLoss(), MinimaxDiscriminatorLoss()],
        device=torch.device("cpu"),
        checkpoints=str(Path(scratch) / "model"),
        recon=str(Path(scratch) / "images"),
    )


if __name__ == "__main__":
    lap = read_lap()
    subject = trainer(lap.scratch, lap.size)
    loader = TimedLoader(picture_loader(lap.pictures, BATCH), lap.seconds)
    with suppress(TimeIsUpError):
        subject(loader)
    # As its Trainer leaves it: batch statistics of each batch drawn.
    subject.generator.train()
    finish(
        lap,
        lambda count: subject.generator(torch.randn(count, LATENTS)),
        images=loader.batches * BATCH,
        parameters=parameters_of([subject.generator, subject.discriminator]),
        version=torchgan.__version__,
    )
