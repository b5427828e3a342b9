"""Every architecture of the bundled plugins, made small, with every objective it fits."""

from collections.abc import Iterator

from genzoo.plugins.manager import PluginManager

SMALL = {
    "dcgan": {"width": 4, "latent_dim": 8},
    "convgan": {"width": 4, "latent_dim": 8},
    "r3gan": {"width": 8, "latent_dim": 8, "blocks": 1, "cardinality": 2},
    "conv-vae": {"width": 4, "latent_dim": 8},
}
NEEDS_SEPARATE_SAMPLES = {"wgan-gp", "r3gan"}


def fitting_pairs() -> Iterator[tuple[str, str]]:
    """(architecture, objective) for every pair that is meant to work."""
    registry = PluginManager.discover().registry
    for architecture in registry.architectures.values():
        for objective in registry.objectives.values():
            name = architecture.record.name
            fits = set(objective.record.requires) <= set(architecture.record.parts)
            couples = name == "dcgan" and objective.record.name in NEEDS_SEPARATE_SAMPLES
            if fits and not couples:
                yield name, objective.record.name
