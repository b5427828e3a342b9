"""What a training run is asked to do. Imports no torch: the command line reads its options here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from genzoo.errors import ConfigError
from genzoo.interfaces.data_source import WINDOW
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
    compile: bool = Field(
        False, description="Compile the networks (torch.compile): slow to start, for GPUs."
    )
    clip_gradient: float | None = Field(
        None, gt=0.0, le=1e6, description="Greatest norm of the gradient of a move."
    )
    deterministic: bool = Field(
        False, description="Refuse operations whose results differ from run to run."
    )
    fast_convolutions: bool = Field(
        True, description="On processors, take algorithms that are faster than torch's own."
    )
    schedule: Literal["constant", "cosine", "linear"] = Field(
        "constant", description="Course of the learning rate after the warm-up."
    )
    warmup_steps: int = Field(
        0, ge=0, description="Steps over which the learning rate rises at first."
    )
    schedule_end: float = Field(
        0.0, ge=0.0, le=1.0, description="Share of the learning rate left when the schedule ends."
    )
    schedule_over: float = Field(
        1.0, gt=0.0, le=1.0, description="Share of the run after which the schedule ends."
    )
    beta1_start: float | None = Field(
        None,
        ge=0.0,
        lt=1.0,
        description="Adam's beta1 at first; goes to the objective's along the schedule.",
    )
    beta2_start: float | None = Field(
        None,
        ge=0.0,
        lt=1.0,
        description="Adam's beta2 at first; goes to the objective's along the schedule.",
    )
    device: str = Field("auto", description="auto, cpu, cuda, cuda:1, mps.")
    sync_batch_norm: bool = Field(
        False, description="With several processes, normalise over the batches of all."
    )
    shard: bool = Field(
        False, description="With several processes, spread parameters and all their state."
    )
    log_every: int = Field(50, ge=1, description="Steps between lines of metrics.jsonl.")
    snapshot_every: int = Field(500, ge=1, description="Steps between sample grids.")
    checkpoint_every: int = Field(1000, ge=1, description="Steps between checkpoints.")
    keep_checkpoints: int = Field(2, ge=1, description="Newest checkpoints to keep.")
    keep_training_state: bool = Field(
        False, description="Keep all networks and optimisers in the model too, to train it on."
    )
    evaluate_every: int | None = Field(
        None, ge=1, description="Steps between evaluations by a few samples; by default none."
    )
    evaluate_count: int = Field(1000, ge=20, description="Samples of such an evaluation.")
    evaluate_metrics: tuple[str, ...] = Field(
        ("kernel-distance",), min_length=1, description="What it measures."
    )
    evaluate_features: str | None = Field(
        None, description="Feature space that it measures in; by default the preferred one."
    )
    keep_best: str | None = Field(
        None, description="Metric by which the best model so far is kept, in the run's folder best."
    )
    tracker: tuple[str, ...] = Field(
        ("auto",), description="Where metrics go too: auto (TensorBoard if there), none, or names."
    )

    @model_validator(mode="after")
    def _check_schedule(self) -> Self:
        if self.schedule == "constant":
            idle = [name for name in _OF_SCHEDULE if getattr(self, name) != _default(name)]
            if idle:
                raise ValueError(f"{idle[0]} needs a schedule: choose cosine or linear")
        if self.keep_best is not None and self.evaluate_every is None:
            raise ValueError("keep_best needs evaluate_every, which says how often to look")
        if self.warmup_steps > self.schedule_over * self.steps:
            raise ValueError("the warm-up lasts longer than the run, or than its schedule")
        return self


_OF_SCHEDULE = ("schedule_end", "schedule_over", "beta1_start", "beta2_start")


def _default(name: str) -> object:
    return TrainingConfig.model_fields[name].default


class DataConfig(Config):
    """Which data, and how to make samples of it.

    Attributes:
        options: Values for the options of the kind, such as the size of images.
    """

    data: str | tuple[str, ...] = Field(
        description="A folder, tar shards, an .npz file, the name of a data set, or files."
    )
    kind: str | None = Field(
        None, description="What the data holds, where that is not plain: image or another kind."
    )
    conditional: bool = Field(False, description="Learn the classes too.")
    stream: bool = Field(
        False, description="Decode while training, without a decoded copy on the disk."
    )
    through: str | None = Field(
        None,
        description="Train in the latents of this autoencoder: a name of the zoo or Hub, a folder.",
    )
    flips: bool = Field(
        False, description="With --through: learn the latents of mirrored images too."
    )
    window: int = Field(
        WINDOW,
        ge=1,
        description="Shards elsewhere, or files of several samples, that are mixed at a time.",
    )
    options: dict[str, Any] = Field(default_factory=dict)


def data_config(values: Mapping[str, Any], options: type[Config]) -> DataConfig:
    """Fields of `DataConfig` and options of the kind, whose values are not looked at here.

    Args:
        values: Both by name, side by side.
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
    own = {name: value for name, value in values.items() if name in fields}
    return parse_config(DataConfig, {**own, "options": rest}, "data")


class OriginRecord(Config):
    """The model whose weights a run begins with. A resumed run does not need it.

    Attributes:
        name: As the user said it.
        architecture: Its full name.
        revision: The commit on the Hub; empty for a model that is not from there.
        files: SHA-256 of each file that was read, by its path in the model's folder or the run's.
        steps: Training steps behind it, where it says so.
        partial: Whether weights that do not fit were left out.
        parts: Those that begin with its weights.
    """

    name: str
    architecture: str
    revision: str = ""
    files: dict[str, str] = Field(default_factory=dict)
    steps: int | None = None
    partial: bool = False
    parts: tuple[str, ...] = ()


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
    origin: OriginRecord | None = None
