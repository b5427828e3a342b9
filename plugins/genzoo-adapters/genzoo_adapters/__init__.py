"""Models of diffusers for genzoo, computed by diffusers' own classes.

This module is the plugin: it registers records and imports no torch.
"""

from __future__ import annotations

from genzoo import ArchitectureSpec, FormatSpec, hookimpl


@hookimpl
def genzoo_architectures() -> list[ArchitectureSpec]:
    """Autoencoders of images."""
    return [
        ArchitectureSpec(
            name="diffusers-autoencoder",
            summary="An autoencoder of diffusers: DC-AE, VQGAN, or an asymmetric one",
            family="autoencoder",
            target="genzoo_adapters.autoencoders:DiffusersAutoencoder",
            config="genzoo_adapters.configs:DiffusersAutoencoderConfig",
            parts=("encoder", "decoder"),
            inference=("encoder", "decoder"),
            objective="genzoo/elbo",
            paper="https://arxiv.org/abs/2410.10733",
        )
    ]


@hookimpl
def genzoo_formats() -> list[FormatSpec]:
    """The folders that diffusers saves them in."""
    return [
        FormatSpec(
            name="diffusers-autoencoder-folder",
            summary="AutoencoderDC, VQModel and AsymmetricAutoencoderKL as diffusers saves them",
            target="genzoo_adapters.saved:read",
        )
    ]
