"""Normalising flows for genzoo: exact likelihoods of images and of points in the plane.

This module is the plugin: it registers records and imports no torch.
"""

from __future__ import annotations

from genzoo import ArchitectureSpec, ObjectiveSpec, hookimpl


@hookimpl
def genzoo_architectures() -> list[ArchitectureSpec]:
    """RealNVP."""
    return [
        ArchitectureSpec(
            name="realnvp",
            summary="Normalising flow of images: exact likelihood, exact encoding",
            family="flow",
            target="genzoo_flow.architecture:RealNVP",
            config="genzoo_flow.configs:RealNVPConfig",
            parts=("flow",),
            inference=("flow",),
            objective="likelihood",
            paper="https://arxiv.org/abs/1605.08803",
        )
    ]


@hookimpl
def genzoo_objectives() -> list[ObjectiveSpec]:
    """Maximum likelihood."""
    return [
        ObjectiveSpec(
            name="likelihood",
            summary="Maximum likelihood, in nats; in bits per dimension for images",
            family="flow",
            target="genzoo_flow.objective:Likelihood",
            config="genzoo_flow.configs:LikelihoodConfig",
            requires=("flow",),
            paper="https://arxiv.org/abs/1605.08803",
        )
    ]
