"""Denoising diffusion models for genzoo.

This module is the plugin: it registers records and imports no torch.
"""

from __future__ import annotations

from genzoo import ArchitectureSpec, ObjectiveSpec, hookimpl

_PAPER = "Ho et al. 2020, arXiv:2006.11239"


@hookimpl
def genzoo_architectures() -> list[ArchitectureSpec]:
    """The denoiser with its sampler: a generator whose latent is the noise."""
    return [
        ArchitectureSpec(
            name="ddpm",
            summary="Denoising diffusion with a small U-Net, sampled in a few DDIM steps",
            family="diffusion",
            target="genzoo_diffusion.architecture:DDPM",
            config="genzoo_diffusion.configs:DDPMConfig",
            parts=("generator",),
            inference=("generator",),
            objective="ddpm",
            paper=_PAPER,
        )
    ]


@hookimpl
def genzoo_objectives() -> list[ObjectiveSpec]:
    """Learning to undo noise."""
    return [
        ObjectiveSpec(
            name="ddpm",
            summary="Squared error of the predicted velocity, at a random time for each sample",
            family="diffusion",
            target="genzoo_diffusion.objective:DenoisingObjective",
            config="genzoo_diffusion.configs:DenoisingConfig",
            requires=("generator",),
            paper=_PAPER,
        )
    ]
