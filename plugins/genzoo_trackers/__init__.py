"""Where metrics and pictures of a run go beside its own log: TensorBoard, W&B and MLflow."""

from __future__ import annotations

from genzoo import TrackerSpec, hookimpl


@hookimpl
def genzoo_trackers() -> list[TrackerSpec]:
    """Trackers that come with genzoo; each needs a package of its own."""
    return [
        TrackerSpec(
            name="tensorboard",
            summary="Event files for TensorBoard, in the run's folder",
            target="genzoo_trackers.tensorboard_tracker:TensorBoardTracker",
            requires=("tensorboard",),
            automatic=True,
        ),
        TrackerSpec(
            name="wandb",
            summary="Weights & Biases, online or offline",
            target="genzoo_trackers.wandb_tracker:WandbTracker",
            requires=("wandb",),
        ),
        TrackerSpec(
            name="mlflow",
            summary="MLflow, in the run's folder or on a server",
            target="genzoo_trackers.mlflow_tracker:MLflowTracker",
            requires=("mlflow",),
        ),
    ]
