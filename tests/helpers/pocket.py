"""A whole plugin in a folder: a generator of points, its objective, and nothing slow at import."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

HOOKS = """
    from genzoo import ArchitectureSpec, ObjectiveSpec, hookimpl

    @hookimpl
    def genzoo_architectures():
        return [
            ArchitectureSpec(
                name="pocket",
                family="toys",
                target="NAME.networks:Pocket",
                config="NAME.configs:PocketConfig",
                parts=("generator",),
                inference=("generator",),
                objective="moments",
            )
        ]

    @hookimpl
    def genzoo_objectives():
        return [
            ObjectiveSpec(
                name="moments",
                family="toys",
                target="NAME.networks:Moments",
                config="NAME.configs:MomentsConfig",
                requires=("generator",),
            )
        ]
"""

CONFIGS = """
    from pydantic import Field
    from genzoo import Config

    class PocketConfig(Config):
        width: int = Field(32, ge=1, le=64, description="Channels.")

    class MomentsConfig(Config):
        rate: float = Field(0.01, gt=0, le=1, description="Step size.")
"""

NETWORKS = """
    import torch
    from torch import nn
    from genzoo import Architecture, Generator, LatentSpec, Objective, OptimizerSettings, Phase
    from genzoo import SpecError

    class Network(Generator):
        def __init__(self, width, sample):
            super().__init__()
            self.shape = sample.shape
            self.layers = nn.Sequential(
                nn.Linear(4, width), nn.Tanh(), nn.Linear(width, torch.Size(sample.shape).numel())
            )

        def forward(self, z, labels=None):
            return self.layers(z).tanh().view(-1, *self.shape)

    class Pocket(Architecture):
        def __init__(self, config, sample):
            if sample.conditional:
                raise SpecError("Pocket takes no classes.")
            super().__init__(config, sample.with_range(-1.0, 1.0))
            self.latent = LatentSpec(shape=(4,))

        def build(self):
            return {"generator": Network(self.config.width, self.sample)}

    class Moments(Objective):
        def phases(self):
            return [Phase("moments", ("generator",), self.loss)]

        def optimizer(self, part):
            return OptimizerSettings(self.config.rate)

        def loss(self, step):
            x = step.part("generator")(step.latents())
            return {"mean": (x - step.batch.x.mean(0)).square().flatten(1).sum(1)}
"""


def write_pocket(folder: Path, name: str, changes: Mapping[str, tuple[str, str]] = {}) -> Path:
    """Write the project `name` into `folder`, which must not be there yet.

    Args:
        folder: The project's folder.
        name: Of the package; the distribution is called likewise, with dashes.
        changes: What to replace by what, by the stem of the file.
    """
    package = folder / "src" / name
    package.mkdir(parents=True)
    files = {"__init__": HOOKS, "configs": CONFIGS, "networks": NETWORKS}
    for stem, text in files.items():
        before, after = changes.get(stem, ("", ""))
        text = dedent(text).replace("NAME", name)
        assert before in text
        (package / f"{stem}.py").write_text(text.replace(before, after, 1) if before else text)
    (folder / "pyproject.toml").write_text(
        f'[project]\nname = "{name.replace("_", "-")}"\nversion = "1"\n'
        f'[project.entry-points."genzoo.plugins"]\npocket = "{name}"\n'
    )
    return folder
