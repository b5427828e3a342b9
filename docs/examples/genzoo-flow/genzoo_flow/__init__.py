"""Normalising flows for genzoo: exact likelihoods of images and of points in the plane.

This module is the plugin: it registers records and imports no torch.
"""

from __future__ import annotations

from genzoo import ArchitectureSpec, DatasetSpec, KindSpec, ObjectiveSpec, hookimpl


@hookimpl
def genzoo_architectures() -> list[ArchitectureSpec]:
    """RealNVP, for images and for points."""
    return [
        ArchitectureSpec(
            name="realnvp",
            summary="Normalising flow of images: exact likelihood, exact encoding",
            family="flow",
            target="genzoo_flow.architecture:RealNVP",
            config="genzoo_flow.configs:RealNVPConfig",
            parts=("flow",),
            inference=("flow",),
            latents=True,
            objective="likelihood",
            paper="https://arxiv.org/abs/1605.08803",
        ),
        ArchitectureSpec(
            name="realnvp-points",
            summary="Normalising flow of points in the plane",
            family="flow",
            target="genzoo_flow.point_architecture:PointRealNVP",
            config="genzoo_flow.configs:PointRealNVPConfig",
            parts=("flow",),
            inference=("flow",),
            objective="likelihood",
            kinds=("points",),
            paper="https://arxiv.org/abs/1605.08803",
        ),
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


@hookimpl
def genzoo_kinds() -> list[KindSpec]:
    """Points in the plane."""
    return [
        KindSpec(
            name="points",
            summary="Points in the plane, drawn in one picture",
            target="genzoo_flow.points:Points",
            config="genzoo_flow.configs:PointOptions",
        )
    ]


@hookimpl
def genzoo_datasets() -> list[DatasetSpec]:
    """Points to begin with."""
    return [
        DatasetSpec(
            name="two-moons",
            summary="Two half circles that reach into each other",
            target="genzoo_flow.point_sets:two_moons",
            version="1",
            kind="points",
            count=8000,
            licence="Apache-2.0",
        )
    ]
