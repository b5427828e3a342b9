"""What a training run is asked to do. Imports no torch: the command line reads its options here."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from genzoo.specs import Config


class TrainingConfig(Config):
    """How to train, whatever the architecture."""

    steps: int = Field(20_000, ge=1, description="Training steps in all.")
    batch_size: int = Field(64, ge=1, le=65_536, description="Samples per step.")
    seed: int = Field(0, ge=0, description="What all randomness of the run derives from.")
    ema: float = Field(
        0.999, ge=0.0, lt=1.0, description="Decay of the averaged weights; 0 turns averaging off."
    )
    accumulate: int = Field(
        1, ge=1, le=4096, description="Batches whose gradients are summed before a move."
    )
    precision: Literal["auto", "fp32", "bf16"] = Field(
        "auto", description="bf16 only where the hardware multiplies it natively."
    )
    device: str = Field("auto", description="auto, cpu, cuda, cuda:1, mps.")
    log_every: int = Field(50, ge=1, description="Steps between lines of metrics.jsonl.")
    snapshot_every: int = Field(500, ge=1, description="Steps between sample grids.")
    checkpoint_every: int = Field(1000, ge=1, description="Steps between checkpoints.")
    keep_checkpoints: int = Field(2, ge=1, description="Newest checkpoints to keep.")
    tracker: tuple[str, ...] = Field(
        ("auto",), description="Where metrics go too: auto (TensorBoard if there), none, or names."
    )


class DataConfig(Config):
    """Which data, and how to make samples of it."""

    data: str = Field(description="A folder, an .npz file or the name of a data set.")
    size: int | None = Field(None, ge=1, le=4096, description="Side length in pixels.")
    channels: Literal[1, 3] | None = Field(None, description="1 for grey, 3 for colour.")
    background: str = Field("white", description="Colour behind transparent images.")
    conditional: bool = Field(False, description="Learn the classes too.")


class RunPlan(Config):
    """All that is needed to start a run, or to go on with it.

    Without an objective the architecture's own is used, with its defaults for it.
    """

    architecture: str
    architecture_config: dict[str, Any] = Field(default_factory=dict)
    objective: str | None = None
    objective_config: dict[str, Any] = Field(default_factory=dict)
    data: DataConfig
    training: TrainingConfig = Field(default_factory=TrainingConfig)
