"""pythae: its `VAE` and `BaseTrainer` on conv-vae's layers."""

from __future__ import annotations

from importlib.metadata import version

import torch
from pythae.data.datasets import BaseDataset
from pythae.models import VAE, VAEConfig
from pythae.models.base.base_utils import ModelOutput
from pythae.models.nn import BaseDecoder, BaseEncoder
from pythae.trainers import BaseTrainer, BaseTrainerConfig
from torch import Tensor

from toolkits.networks import ConvDecoder, ConvEncoder
from toolkits.pictures import endless, picture_tensor
from toolkits.turns import Task, TurnLoader, Turns, facts_of, read_task

LATENTS = 100


class Encoder(BaseEncoder):
    """The layers as pythae wants them."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = ConvEncoder(latents=LATENTS)

    def forward(self, x: Tensor) -> ModelOutput:
        """Map pictures to a posterior."""
        mean, log_variance = self.layers(x)
        return ModelOutput(embedding=mean, log_covariance=log_variance)


class Decoder(BaseDecoder):
    """The layers as pythae wants them."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = ConvDecoder(latents=LATENTS)

    def forward(self, z: Tensor) -> ModelOutput:
        """Map latents to pictures."""
        return ModelOutput(reconstruction=self.layers(z))


def trainer(task: Task) -> BaseTrainer:
    """On its defaults, with pictures in memory as its pipeline hands them over."""
    pictures = picture_tensor(task.pictures)
    data = endless(BaseDataset(pictures, torch.ones(len(pictures))))
    config = VAEConfig(input_dim=tuple(pictures.shape[1:]), latent_dim=LATENTS)
    options = BaseTrainerConfig(output_dir=task.scratch, per_device_train_batch_size=task.batch)
    return BaseTrainer(VAE(config, Encoder(), Decoder()), data, training_config=options)


if __name__ == "__main__":
    task = read_task()
    subject = trainer(task)
    turns = Turns(task.steps, facts_of([subject.model], version("pythae")))
    subject.train_loader = TurnLoader(subject.train_loader, turns)
    subject.train()
