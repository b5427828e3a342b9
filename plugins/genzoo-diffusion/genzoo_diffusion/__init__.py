"""Diffusion models and flow matching for genzoo.

This module is the plugin: it registers records and imports no torch.
"""

from __future__ import annotations

from genzoo import ArchitectureSpec, ObjectiveSpec, hookimpl

_DDPM = "https://arxiv.org/abs/2006.11239"
_DIT = "https://arxiv.org/abs/2212.09748"
_FLOW = "https://arxiv.org/abs/2210.02747"


def _architecture(
    name: str, summary: str, config: str, objective: str, paper: str
) -> ArchitectureSpec:
    return ArchitectureSpec(
        name=name,
        summary=summary,
        family="diffusion",
        target="genzoo_diffusion.architecture:Diffusion",
        config=f"genzoo_diffusion.configs:{config}",
        parts=("generator",),
        inference=("generator",),
        latents=True,
        objective=objective,
        # A transformer takes smaller steps, or its attention saturates.
        objective_defaults={"learning_rate": 3e-4} if name.endswith("dit") else {},
        paper=paper,
    )


@hookimpl
def genzoo_architectures() -> list[ArchitectureSpec]:
    """Denoisers with their samplers: generators whose latent is the noise."""
    return [
        _architecture("ddpm-unet", "Denoising diffusion, a U-Net", "DDPMUNetConfig", "ddpm", _DDPM),
        _architecture(
            "ddpm-dit", "Denoising diffusion, a transformer", "DDPMTransformerConfig", "ddpm", _DIT
        ),
        _architecture(
            "flow-unet", "Flow matching, a U-Net", "FlowUNetConfig", "flow-matching", _FLOW
        ),
        _architecture(
            "flow-dit",
            "Flow matching, a transformer",
            "FlowTransformerConfig",
            "flow-matching",
            _DIT,
        ),
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
            paper=_DDPM,
        ),
        ObjectiveSpec(
            name="flow-matching",
            summary="Squared error of the velocity along straight lines from samples to noise",
            family="diffusion",
            target="genzoo_diffusion.objective:FlowMatchingObjective",
            config="genzoo_diffusion.configs:FlowMatchingConfig",
            requires=("generator",),
            paper=_FLOW,
        ),
    ]
