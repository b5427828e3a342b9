"""Generative adversarial networks for genzoo: architectures and objectives.

Records only: neither the networks nor torch are imported until one is used.
"""

from __future__ import annotations

from genzoo import (
    ArchitectureSpec,
    CheckpointFormatSpec,
    ObjectiveSpec,
    RecipeSpec,
    hookimpl,
)

_PARTS = ("generator", "discriminator")
_TINY = {
    "latent_dim": 8,
    "style_dim": 8,
    "channel_base": 32,
    "channel_max": 8,
    "minibatch_group": 2,
}
_TINY_ALIAS_FREE = {**_TINY, "layers": 4}


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
        ArchitectureSpec(
            name="stylegan2",
            summary="Styles that modulate convolutions: what can be truncated, mixed and edited",
            family="gan",
            target="genzoo_gan.stylegan.stylegan2:StyleGAN2",
            config="genzoo_gan.stylegan.configs:StyleGAN2Config",
            parts=_PARTS,
            inference=("generator",),
            objective="stylegan2",
            tiny=_TINY,
            paper="Karras et al. 2020, arXiv:1912.04958",
        ),
        ArchitectureSpec(
            name="stylegan3-t",
            summary="Without aliasing: details move with what they are on; slow on small machines",
            family="gan",
            target="genzoo_gan.stylegan.stylegan3:StyleGAN3T",
            config="genzoo_gan.stylegan.configs:StyleGAN3Config",
            parts=_PARTS,
            inference=("generator",),
            objective="stylegan2",
            objective_defaults={"path_length": 0.0, "style_mixing": 0.0},
            tiny=_TINY_ALIAS_FREE,
            paper="Karras et al. 2021, arXiv:2106.12423",
        ),
        ArchitectureSpec(
            name="stylegan3-r",
            summary="Without aliasing: details move and turn with what they are on",
            family="gan",
            target="genzoo_gan.stylegan.stylegan3:StyleGAN3R",
            config="genzoo_gan.stylegan.configs:StyleGAN3RConfig",
            parts=_PARTS,
            inference=("generator",),
            objective="stylegan2",
            objective_defaults={"path_length": 0.0, "style_mixing": 0.0},
            tiny=_TINY_ALIAS_FREE,
            paper="Karras et al. 2021, arXiv:2106.12423",
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
            name="stylegan2",
            summary="Non-saturating with lazy R1, path lengths and mixed styles",
            family="gan",
            target="genzoo_gan.stylegan.objective:StyleGANObjective",
            config="genzoo_gan.stylegan.configs:StyleObjectiveConfig",
            requires=_PARTS,
            paper="Karras et al. 2020, arXiv:1912.04958",
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


@hookimpl
def genzoo_checkpoint_formats() -> list[CheckpointFormatSpec]:
    """Forms in which StyleGANs are kept by others."""
    return [
        CheckpointFormatSpec(
            name="stylegan-pickle",
            summary="NVIDIA's pickles of StyleGAN2-ADA and StyleGAN3",
            target="genzoo_gan.stylegan.nvidia:read",
        ),
        CheckpointFormatSpec(
            name="stylegan2-port",
            summary="Checkpoints of the common PyTorch port of StyleGAN2",
            target="genzoo_gan.stylegan.port:read",
        ),
    ]
