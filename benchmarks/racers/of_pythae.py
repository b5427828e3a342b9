"""pythae: its networks for CelebA at 64 pixels, its trainer, and the sampler that it advises.

`vae` is the VAE with a mixture of ten Gaussians fitted to its latents, `vqvae` the VQ-VAE with a
PixelCNN over its codes, whose fit gets the last quarter of the time. Its residual networks are the
lighter ones: of its plain ones a step takes ten seconds of a processor.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from importlib.metadata import version
from typing import Any

import torch
from pythae.data.datasets import BaseDataset
from pythae.models import VAE, VQVAE, VAEConfig, VQVAEConfig
from pythae.models.nn.benchmarks.celeba import (
    Decoder_ResNet_AE_CELEBA,
    Decoder_ResNet_VQVAE_CELEBA,
    Encoder_ResNet_VAE_CELEBA,
    Encoder_ResNet_VQVAE_CELEBA,
)
from pythae.samplers import (
    GaussianMixtureSampler,
    GaussianMixtureSamplerConfig,
    PixelCNNSampler,
    PixelCNNSamplerConfig,
)
from pythae.samplers.pixelcnn_sampler import pixelcnn_sampler
from pythae.trainers import BaseTrainer, BaseTrainerConfig
from toolkits.pictures import endless, picture_tensor
from torch import Tensor

from racers.lap import TimedLoader, TimeIsUpError, finish, parameters_of, read_lap

BATCH = 64
FOR_THE_SAMPLER = 0.25


class TimedTrainer(BaseTrainer):
    """Its trainer, whose loader stops when the time is up."""

    seconds = 0.0
    batches = 0

    def train(self, log_output_dir: str | None = None) -> None:
        """Train as it does, without end but for the time."""
        own: Any = self
        own.train_loader = loader = TimedLoader(own.train_loader, self.seconds)
        with suppress(TimeIsUpError):
            super().train(log_output_dir)
        TimedTrainer.batches += loader.batches


def options(scratch: str) -> BaseTrainerConfig:
    """Its own, but for the number of epochs and where they are written to."""
    return BaseTrainerConfig(
        output_dir=scratch, num_epochs=1, per_device_train_batch_size=BATCH, learning_rate=1e-4
    )


def train(model: Any, pictures: Tensor, scratch: str, seconds: float) -> None:
    """Train on pictures (N, 3, H, W) in [0, 1]."""
    TimedTrainer.seconds = seconds
    data = endless(BaseDataset(pictures, torch.ones(len(pictures))))
    TimedTrainer(model, data, training_config=options(scratch)).train()
    model.eval()


if __name__ == "__main__":
    lap = read_lap()
    pictures = (picture_tensor(lap.pictures) + 1) / 2
    shape = tuple(pictures.shape[1:])
    if sys.argv[2] == "vae":
        config = VAEConfig(input_dim=shape, latent_dim=64)
        model = VAE(config, Encoder_ResNet_VAE_CELEBA(config), Decoder_ResNet_AE_CELEBA(config))
        train(model, pictures, lap.scratch, 0.97 * lap.seconds)
        sampler = GaussianMixtureSampler(model, GaussianMixtureSamplerConfig(n_components=10))
        sampler.fit(pictures)
        changes = "n_components=10, its default; latents 64"
    else:
        config = VQVAEConfig(input_dim=shape, latent_dim=64, num_embeddings=512)
        networks = Encoder_ResNet_VQVAE_CELEBA(config), Decoder_ResNet_VQVAE_CELEBA(config)
        model = VQVAE(config, *networks)
        train(model, pictures, lap.scratch, (1 - FOR_THE_SAMPLER) * lap.seconds)
        sampler = PixelCNNSampler(model, PixelCNNSamplerConfig(n_layers=10))
        TimedTrainer.seconds = lap.seconds
        pixelcnn_sampler.BaseTrainer = TimedTrainer
        seen = TimedTrainer.batches
        sampler.fit(pictures, training_config=options(lap.scratch))
        TimedTrainer.batches = seen
        changes = "a quarter of the time for its PixelCNN"
    finish(
        lap,
        lambda count: sampler.sample(count, batch_size=count),
        images=TimedTrainer.batches * BATCH,
        parameters=parameters_of([model]),
        version=version("pythae"),
        low=0.0,
        batch=100,
        changes=changes,
    )
