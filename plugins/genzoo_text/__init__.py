"""Texts for genzoo: the kind, a variational autoencoder, and what they are judged by.

This module is the plugin: it registers records and imports no torch.
"""

from __future__ import annotations

from genzoo import ArchitectureSpec, FeatureSpec, KindSpec, MetricSpec, hookimpl


@hookimpl
def genzoo_kinds() -> list[KindSpec]:
    """Texts."""
    return [
        KindSpec(
            name="text",
            summary="Texts, such as lines of a file: characters, bytes or pieces of words",
            target="genzoo_text.text_kind:TextKind",
            config="genzoo_text.configs:TextOptions",
        )
    ]


@hookimpl
def genzoo_architectures() -> list[ArchitectureSpec]:
    """The variational autoencoder of texts."""
    return [
        ArchitectureSpec(
            name="text-vae",
            summary="Transformers around one latent: writes, encodes and reconstructs texts",
            family="vae",
            target="genzoo_text.text_vae:TextVAE",
            config="genzoo_text.configs:TextVAEConfig",
            parts=("encoder", "decoder"),
            inference=("encoder", "decoder"),
            objective="elbo",
            objective_defaults={"warmup": 0.3, "free_bits": 0.25},
            priors=("mixture",),
            kinds=("text",),
            # Without dropout, whose random numbers are each process's own.
            tiny={
                "width": 8,
                "layers": 1,
                "encoder_layers": 1,
                "heads": 2,
                "latent_dim": 3,
                "dropout": 0.0,
                "word_dropout": 0.0,
            },
            tiny_samples=({"kind": "text", "shape": (6,), "low": 0.0, "high": 5.0},),
            paper="https://arxiv.org/abs/1511.06349",
        )
    ]


@hookimpl
def genzoo_features() -> list[FeatureSpec]:
    """Counts of n-grams."""
    return [
        FeatureSpec(
            name="token-ngrams",
            summary="Texts as counts of their tokens, pairs and triples of tokens",
            target="genzoo_text.ngrams:TokenNgrams",
            kinds=("text",),
            preferred=20,
        )
    ]


@hookimpl
def genzoo_metrics() -> list[MetricSpec]:
    """Whether texts come back, and whether they are new."""
    return [
        MetricSpec(
            name="text-reconstruction",
            summary="Share of texts that come back exactly, and edits that the others need",
            target="genzoo_text.metrics:TextReconstruction",
            kinds=("text",),
        ),
        MetricSpec(
            name="novelty",
            summary="Share of samples that are new, and that do not repeat each other",
            target="genzoo_text.metrics:Novelty",
            kinds=("text",),
        ),
    ]
