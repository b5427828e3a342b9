"""What a training run is asked to do. Imports no torch: the command line reads its options here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from genzoo.errors import ConfigError
from genzoo.specs import Config, parse_config


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
    sync_batch_norm: bool = Field(
        False, description="With several processes, normalise over the batches of all."
    )
    log_every: int = Field(50, ge=1, description="Steps between lines of metrics.jsonl.")
    snapshot_every: int = Field(500, ge=1, description="Steps between sample grids.")
    checkpoint_every: int = Field(1000, ge=1, description="Steps between checkpoints.")
    keep_checkpoints: int = Field(2, ge=1, description="Newest checkpoints to keep.")
    tracker: tuple[str, ...] = Field(
        ("auto",), description="Where metrics go too: auto (TensorBoard if there), none, or names."
    )


class DataConfig(Config):
    """Which data, and how to make samples of it.

    Attributes:
        options: Values for the options of the kind, such as the size of images.
    """

    data: str = Field(description="A folder, tar shards, an .npz file or the name of a data set.")
    kind: str | None = Field(
        None, description="What the data holds, where that is not plain: image or another kind."
    )
    conditional: bool = Field(False, description="Learn the classes too.")
    stream: bool = Field(
        False, description="Decode while training, without a decoded copy on the disk."
    )
    options: dict[str, Any] = Field(default_factory=dict)


def data_config(values: Mapping[str, Any], options: type[Config]) -> DataConfig:
    """Fields of `DataConfig` and options of the kind, given side by side.

    Args:
        values: Both by name.
        options: The kind's options.

    Raises:
        ConfigError: A name that is neither, or a value out of bounds.
    """
    fields = [name for name in DataConfig.model_fields if name != "options"]
    rest = {name: value for name, value in values.items() if name not in fields}
    for name in rest:
        if name not in options.model_fields:
            known = ", ".join([*fields, *options.model_fields])
            raise ConfigError(f"The data has no option '{name}'.", f"It has: {known}.")
    chosen = parse_config(options, rest, "data").model_dump(mode="json", exclude_unset=True)
    own = {name: value for name, value in values.items() if name in fields}
    return parse_config(DataConfig, {**own, "options": chosen}, "data")


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
