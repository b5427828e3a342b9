"""Sounds for genzoo: the kind `audio`, an architecture, and a feature space.

This module is the plugin: it registers records and imports no torch.
"""

from __future__ import annotations

from genzoo import ArchitectureSpec, FeatureSpec, KindSpec, hookimpl

SHORT = {"kind": "audio", "shape": (1, 800), "sample_rate": 8000}


@hookimpl
def genzoo_kinds() -> list[KindSpec]:
    """Sounds of one length and rate."""
    return [
        KindSpec(
            name="audio",
            summary="Sounds of any rate: wav, flac, ogg and mp3, heard as .wav, seen as spectra",
            target="genzoo_audio.audio_kind:AudioKind",
            config="genzoo_audio.options:AudioOptions",
        )
    ]


@hookimpl
def genzoo_architectures() -> list[ArchitectureSpec]:
    """A generator of short sounds."""
    return [
        ArchitectureSpec(
            name="spec-vae",
            summary="Variational autoencoder of log spectrograms: learns short sounds in minutes",
            family="vae",
            target="genzoo_audio.spec_vae:SpecVAE",
            config="genzoo_audio.configs:SpecVAEConfig",
            parts=("encoder", "decoder"),
            inference=("encoder", "decoder"),
            objective="elbo",
            objective_defaults={"betas": (0.9, 0.99)},
            priors=("class-mixture",),
            kinds=("audio",),
            tiny={"latent_dim": 4, "width": 8},
            tiny_samples=(SHORT,),
            paper="https://arxiv.org/abs/1312.6114",
        )
    ]


@hookimpl
def genzoo_features() -> list[FeatureSpec]:
    """A feature space of sounds."""
    return [
        FeatureSpec(
            name="log-spectrum",
            summary="Statistics of log spectra in 32 bands: means over time and deviations",
            target="genzoo_audio.spectrum_features:LogSpectrum",
            kinds=("audio",),
            preferred=10,
        )
    ]
