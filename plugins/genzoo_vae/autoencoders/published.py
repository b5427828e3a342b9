"""Latent autoencoders that others have published on the Hugging Face Hub."""

from __future__ import annotations

from genzoo import ModelSpec

KL = "genzoo/kl-autoencoder"
TINY = "genzoo/tiny-autoencoder"

PUBLISHED = (
    ("sd-vae-ft-mse", KL, "stabilityai/sd-vae-ft-mse", "Of Stable Diffusion 1 and 2, smoother"),
    ("sd-vae-ft-ema", KL, "stabilityai/sd-vae-ft-ema", "Of Stable Diffusion 1 and 2, sharper"),
    ("sdxl-vae", KL, "stabilityai/sdxl-vae", "Of Stable Diffusion XL"),
    ("taesd", TINY, "madebyollin/taesd", "Small, with the latents of Stable Diffusion 1 and 2"),
    ("taesdxl", TINY, "madebyollin/taesdxl", "Small, with the latents of Stable Diffusion XL"),
    ("taesd3", TINY, "madebyollin/taesd3", "Small, with the latents of Stable Diffusion 3"),
    ("taef1", TINY, "madebyollin/taef1", "Small, with the latents of FLUX.1"),
)
"""Name, architecture, repository and summary."""


def published_models() -> list[ModelSpec]:
    """A record for each of them."""
    return [
        ModelSpec(
            name=name,
            architecture=architecture,
            location=repository,
            licence="MIT",
            tags=("autoencoder",),
            summary=f"{summary}; encodes and decodes",
        )
        for name, architecture, repository, summary in PUBLISHED
    ]
