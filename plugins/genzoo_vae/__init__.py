"""Variational autoencoders for genzoo: networks, objectives and fitted priors.

This module is the plugin: it registers records and imports no torch.
"""

from __future__ import annotations

from genzoo import (
    ArchitectureSpec,
    FormatSpec,
    ModelSpec,
    ObjectiveSpec,
    PriorSpec,
    hookimpl,
)
from genzoo_vae.autoencoders.published import published_models

LATENTS_ARE_NOT_NORMAL = (
    "A latent autoencoder is made to encode and decode. Unless it was trained to have normal "
    "latents, as with the objective elbo, latents drawn from the normal prior decode to noise: "
    "use reconstruct, encode and decode."
)
CODES_ARE_NOT_NORMAL = (
    "Latents drawn from the normal prior are no codes, and decode to noise. Fit a distribution of "
    "codes, genzoo fit-prior MODEL DATA --prior transformer, and sample with --prior transformer."
)


@hookimpl
def genzoo_architectures() -> list[ArchitectureSpec]:
    """The convolutional variational autoencoder and the latent autoencoders."""
    return [
        ArchitectureSpec(
            name="conv-vae",
            summary="Convolutional variational autoencoder: encodes, reconstructs and samples",
            family="vae",
            target="genzoo_vae.conv_vae:ConvVAE",
            config="genzoo_vae.configs:ConvVAEConfig",
            parts=("encoder", "decoder"),
            inference=("encoder", "decoder"),
            objective="elbo",
            priors=("mixture",),
            paper="https://arxiv.org/abs/1312.6114",
        ),
        ArchitectureSpec(
            name="kl-autoencoder",
            summary="The autoencoder of Stable Diffusion: images of any size to latent images",
            family="vae",
            target="genzoo_vae.autoencoders.architectures:KLAutoencoder",
            config="genzoo_vae.autoencoders.configs:KLAutoencoderConfig",
            parts=("encoder", "decoder"),
            inference=("encoder", "decoder"),
            objective="elbo",
            objective_defaults={"learning_rate": 1e-4},
            sampling_note=LATENTS_ARE_NOT_NORMAL,
            tiny={"widths": (4, 8), "layers": 1, "groups": 2, "latent_channels": 2},
            paper="https://arxiv.org/abs/2112.10752",
        ),
        ArchitectureSpec(
            name="vq-autoencoder",
            summary="Images of any size to codes: vector, scalar, bit or residual quantisation",
            family="vae",
            target="genzoo_vae.autoencoders.architectures:VQAutoencoder",
            config="genzoo_vae.autoencoders.configs:VQAutoencoderConfig",
            parts=("encoder", "decoder"),
            inference=("encoder", "decoder"),
            objective="autoencoder",
            sampling_note=CODES_ARE_NOT_NORMAL,
            tiny={"widths": (4, 8), "layers": 1, "groups": 2, "codes": 8, "code_dim": 2},
            paper="https://arxiv.org/abs/2012.09841",
        ),
        ArchitectureSpec(
            name="tiny-autoencoder",
            summary="TAESD's small and quick stand-in for kl-autoencoder, with the same latents",
            family="vae",
            target="genzoo_vae.autoencoders.architectures:TinyAutoencoder",
            config="genzoo_vae.autoencoders.configs:TinyAutoencoderConfig",
            parts=("encoder", "decoder"),
            inference=("encoder", "decoder"),
            objective="elbo",
            objective_defaults={"learning_rate": 1e-4},
            sampling_note=LATENTS_ARE_NOT_NORMAL,
            tiny={"width": 4, "encoder_blocks": (1, 1), "decoder_blocks": (1, 1)},
        ),
    ]


@hookimpl
def genzoo_objectives() -> list[ObjectiveSpec]:
    """The evidence lower bound and its importance-weighted relative."""
    return [
        ObjectiveSpec(
            name="elbo",
            summary="Evidence lower bound with analytic KL, beta, free bits and warm-up",
            family="vae",
            target="genzoo_vae.elbo:ELBO",
            config="genzoo_vae.configs:ELBOConfig",
            requires=("encoder", "decoder"),
            paper="https://arxiv.org/abs/1312.6114",
        ),
        ObjectiveSpec(
            name="autoencoder",
            summary="Reconstruction by pixels, features and a discriminator of patches",
            family="vae",
            target="genzoo_vae.autoencoding.objective:AutoencoderObjective",
            config="genzoo_vae.configs:AutoencoderConfig",
            requires=("encoder", "decoder"),
            paper="https://arxiv.org/abs/2012.09841",
        ),
        ObjectiveSpec(
            name="iwae",
            summary="Importance-weighted bound: tighter than the ELBO, at k times the cost",
            family="vae",
            target="genzoo_vae.iwae:IWAE",
            config="genzoo_vae.configs:IWAEConfig",
            requires=("encoder", "decoder"),
            paper="https://arxiv.org/abs/1509.00519",
        ),
    ]


@hookimpl
def genzoo_priors() -> list[PriorSpec]:
    """The Gaussian mixture, and the transformer over codes."""
    return [
        PriorSpec(
            name="mixture",
            summary="Gaussian mixture with full covariances, fitted by EM",
            target="genzoo_vae.mixture:GaussianMixturePrior",
            config="genzoo_vae.configs:MixtureConfig",
        ),
        PriorSpec(
            name="class-mixture",
            summary="A Gaussian mixture for each class, for latents that tell of their class",
            target="genzoo_vae.class_mixture:ClassMixturePrior",
            config="genzoo_vae.configs:ClassMixtureConfig",
        ),
        PriorSpec(
            name="transformer",
            summary="Autoregressive transformer over the codes of a quantiser",
            target="genzoo_vae.transformer_prior:TransformerPrior",
            config="genzoo_vae.configs:TransformerConfig",
        ),
    ]


@hookimpl
def genzoo_models() -> list[ModelSpec]:
    """Latent autoencoders on the Hub."""
    return published_models()


@hookimpl
def genzoo_formats() -> list[FormatSpec]:
    """The autoencoders of diffusers."""
    return [
        FormatSpec(
            name="diffusers-autoencoder-kl",
            summary="AutoencoderKL of diffusers: the autoencoders of Stable Diffusion and others",
            target="genzoo_vae.autoencoders.diffusers_format:read_kl",
        ),
        FormatSpec(
            name="diffusers-autoencoder-tiny",
            summary="AutoencoderTiny of diffusers: TAESD and its relatives",
            target="genzoo_vae.autoencoders.diffusers_format:read_tiny",
        ),
    ]
