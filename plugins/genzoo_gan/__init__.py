"""Generative adversarial networks for genzoo: architectures and objectives.

Records only: neither the networks nor torch are imported until one is used.
"""

from __future__ import annotations

from genzoo import ArchitectureSpec, ObjectiveSpec, RecipeSpec, hookimpl

_PARTS = ("generator", "discriminator")


@hookimpl
def genzoo_architectures() -> list[ArchitectureSpec]:
    """The adversarial architectures."""
    return [
        ArchitectureSpec(
            name="convgan",
            summary="DCGAN's shapes with an unnormalised discriminator: quick on small machines",
            family="gan",
            target="genzoo_gan.convgan:ConvGAN",
            config="genzoo_gan.configs:ConvGANConfig",
            parts=_PARTS,
            latents=True,
            inference=("generator",),
            objective="r3gan",
            objective_defaults={"gamma": 5.0, "penalty_every": 4, "learning_rate": 5e-4},
        ),
        ArchitectureSpec(
            name="dcgan",
            summary="Transposed convolutions with batch normalisation on both sides",
            family="gan",
            target="genzoo_gan.dcgan:DCGAN",
            config="genzoo_gan.configs:DCGANConfig",
            parts=_PARTS,
            inference=("generator",),
            objective="gan",
            paper="Radford et al. 2015, arXiv:1511.06434",
        ),
        ArchitectureSpec(
            name="fastgan",
            summary="Skip-layer excitation, judged through a frozen network: the default recipe",
            family="gan",
            target="genzoo_gan.fastgan:FastGAN",
            config="genzoo_gan.configs:FastGANConfig",
            parts=_PARTS,
            inference=("generator",),
            objective="projected",
            paper="Liu et al. 2021, arXiv:2101.04775",
        ),
        ArchitectureSpec(
            name="r3gan",
            summary="Residual grouped convolutions without normalisation: for GPUs",
            family="gan",
            target="genzoo_gan.r3gan:R3GAN",
            config="genzoo_gan.configs:R3GANConfig",
            parts=_PARTS,
            latents=True,
            inference=("generator",),
            objective="r3gan",
            objective_defaults={"gamma": 1.0, "penalty_every": 1},
            paper="Huang et al. 2024, arXiv:2501.05441",
        ),
    ]


@hookimpl
def genzoo_objectives() -> list[ObjectiveSpec]:
    """The adversarial objectives."""
    return [
        ObjectiveSpec(
            name="gan",
            summary="Non-saturating logistic loss",
            family="gan",
            target="genzoo_gan.objectives.logistic:LogisticGAN",
            config="genzoo_gan.configs:GANConfig",
            requires=_PARTS,
            paper="Goodfellow et al. 2014, arXiv:1406.2661",
        ),
        ObjectiveSpec(
            name="lsgan",
            summary="Least squares",
            family="gan",
            target="genzoo_gan.objectives.least_squares:LeastSquaresGAN",
            config="genzoo_gan.configs:LSGANConfig",
            requires=_PARTS,
            paper="Mao et al. 2017, arXiv:1611.04076",
        ),
        ObjectiveSpec(
            name="hinge",
            summary="Hinge loss",
            family="gan",
            target="genzoo_gan.objectives.hinge:HingeGAN",
            config="genzoo_gan.configs:HingeConfig",
            requires=_PARTS,
            paper="Lim and Ye 2017, arXiv:1705.02894",
        ),
        ObjectiveSpec(
            name="wgan-gp",
            summary="Wasserstein critic with a gradient penalty",
            family="gan",
            target="genzoo_gan.objectives.wasserstein:WassersteinGAN",
            config="genzoo_gan.configs:WGANGPConfig",
            requires=_PARTS,
            paper="Gulrajani et al. 2017, arXiv:1704.00028",
        ),
        ObjectiveSpec(
            name="r3gan",
            summary="Relativistic pairing loss with R1 and R2 penalties",
            family="gan",
            target="genzoo_gan.objectives.relativistic:RelativisticGAN",
            config="genzoo_gan.configs:R3GANObjectiveConfig",
            requires=_PARTS,
            paper="Huang et al. 2024, arXiv:2501.05441",
        ),
        ObjectiveSpec(
            name="projected",
            summary="Heads on the maps of a frozen network, and a discriminator of pixels",
            family="gan",
            target="genzoo_gan.objectives.projected:ProjectedGAN",
            config="genzoo_gan.configs:ProjectedConfig",
            requires=_PARTS,
            paper="Sauer et al. 2021, arXiv:2111.01007",
        ),
    ]


@hookimpl
def genzoo_recipes() -> list[RecipeSpec]:
    """What to train images with, the better first."""
    return [
        RecipeSpec(
            name="projected-gan",
            summary="judged through a network that knows photographs, it has shapes soonest",
            architecture="fastgan",
            objective="projected",
            training={"steps": 10_000, "batch_size": 16, "ema": 0.998},
            feature_networks=("efficientnet-lite0",),
            preferred=20,
        ),
        RecipeSpec(
            name="plain-gan",
            summary="it needs nothing but the images",
            architecture="convgan",
            preferred=10,
        ),
    ]
