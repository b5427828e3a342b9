"""MLflow (https://mlflow.org)."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from genzoo import RunDescription, Tracker


class MLflowTracker(Tracker):
    """Keeps a run in `mlflow.db` in its folder, or where `MLFLOW_TRACKING_URI` says.

    It belongs to the experiment `genzoo`, or to the one that `MLFLOW_EXPERIMENT_NAME` names. A
    resumed run goes on as the same run, with the options that it began with.
    """

    def __init__(self, run: RunDescription) -> None:
        from mlflow import MlflowClient

        super().__init__(run)
        self._folder = run.folder.resolve()
        self._server = os.environ.get("MLFLOW_TRACKING_URI")
        own = f"sqlite:///{(self._folder / 'mlflow.db').as_posix()}"
        self._client = MlflowClient(tracking_uri=self._server or own)
        self._id = self.remembered("mlflow-id.txt", self._create)
        self._client.update_run(self._id, status="RUNNING")

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        metrics = [Metric(name, value, now, step) for name, value in values.items()]
        self._client.log_batch(self._id, metrics=metrics)

    def images(self, step: int, name: str, picture: NDArray[np.uint8]) -> None:
        self._client.log_image(self._id, picture, key=name, step=step)

    def close(self) -> None:
        self._client.set_terminated(self._id)

    def _create(self) -> str:
        from mlflow.entities import Param

        created = self._client.create_run(self._experiment(), run_name=self._folder.name)
        name: str = created.info.run_id
        params = [Param(key, str(value)) for key, value in self.run.options.items()]
        self._client.log_batch(name, params=params)
        return name

    def _experiment(self) -> str:
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME", "genzoo")
        if (known := self._client.get_experiment_by_name(name)) is not None:
            return str(known.experiment_id)
        # Without a server pictures lie in the run's folder, and not in the current one.
        pictures = None if self._server else (self._folder / "mlflow").as_uri()
        return str(self._client.create_experiment(name, artifact_location=pictures))
