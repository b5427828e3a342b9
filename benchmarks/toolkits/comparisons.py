"""What is compared: a toolkit's side, and the same networks and losses in genzoo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from toolkits.environments import MIMICRY, PYTHAE, TORCHGAN, Toolkit


@dataclass(frozen=True)
class Rival:
    """One comparison.

    Attributes:
        name: Of the rival.
        side: Its worker's file beside this one.
        toolkit: Its environment; None for that of genzoo.
        networks: What is trained, for the reader.
        size: Pixels of a side.
        steps: Training steps in a turn: a few seconds.
        architecture: genzoo's, or the plugin's in `residual.py`.
        architecture_config: Options of it.
        objective: genzoo's nearest to the rival's losses.
        objective_config: Options of it.
    """

    name: str
    side: str
    toolkit: Toolkit | None
    networks: str
    size: int
    steps: int
    architecture: str
    objective: str
    architecture_config: Mapping[str, Any] = field(default_factory=dict)
    objective_config: Mapping[str, Any] = field(default_factory=dict)


PLAIN: Mapping[str, Any] = {"augment": "none"}
"""No rival augments."""

MIMICRY_ADAM: Mapping[str, Any] = {**PLAIN, "betas": (0.0, 0.9)}

RIVALS = (
    Rival(
        name="tutorial script",
        side="tutorial_side.py",
        toolkit=None,
        networks="dcgan 64",
        size=64,
        steps=4,
        architecture="dcgan",
        objective="gan",
        objective_config=PLAIN,
    ),
    Rival(
        name="torchgan",
        side="torchgan_side.py",
        toolkit=TORCHGAN,
        networks="dcgan 64",
        size=64,
        steps=4,
        architecture="dcgan",
        objective="gan",
        objective_config=PLAIN,
    ),
    Rival(
        name="pythae",
        side="pythae_side.py",
        toolkit=PYTHAE,
        networks="conv-vae 64",
        size=64,
        steps=4,
        architecture="conv-vae",
        # Half the squared error, but for a constant.
        architecture_config={"likelihood": "fixed-gaussian", "scale": 1.0},
        objective="elbo",
        objective_config={"learning_rate": 1e-4},
    ),
    Rival(
        name="mimicry dcgan",
        side="mimicry_side.py",
        toolkit=MIMICRY,
        networks="residual 32",
        size=32,
        steps=1,
        architecture="residual",
        objective="gan",
        objective_config=MIMICRY_ADAM,
    ),
    Rival(
        name="mimicry sngan",
        side="mimicry_side.py",
        toolkit=MIMICRY,
        networks="residual 32, spectral norm",
        size=32,
        steps=1,
        architecture="residual",
        architecture_config={"spectral_norm": True},
        objective="hinge",
        objective_config=MIMICRY_ADAM,
    ),
)


def find(name: str) -> Rival:
    """The comparison of that name."""
    return next(rival for rival in RIVALS if rival.name == name)
