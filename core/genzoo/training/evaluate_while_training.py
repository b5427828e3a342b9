"""Measures a model by few samples while it trains, and keeps the best one."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from genzoo.doctor.curves import EVALUATION
from genzoo.errors import UsageError
from genzoo.evaluation.evaluate import Plan, check_request, open_evaluation
from genzoo.evaluation.evaluation_record import RECORD, EvaluationRecord, Value
from genzoo.evaluation.settings import Settings
from genzoo.records import MetricSpec
from genzoo.training.components import Session
from genzoo.training.run_folder import RunFolder
from genzoo.training.save_artifact import publish
from genzoo.training.training_config import TrainingConfig

DATA = 2
"""Samples of the data that are looked at for each sample of the model: few, to be quick."""


def what_to_measure(config: TrainingConfig) -> tuple[Settings, Plan]:
    """How samples are drawn, and what is measured of them."""
    best = (config.keep_best,) if config.keep_best else ()
    count = config.evaluate_count
    settings = Settings(
        count, seed=config.seed, batch_size=config.batch_size, most_data=DATA * count
    )
    features = (config.evaluate_features,) if config.evaluate_features else ()
    return settings, Plan(tuple(dict.fromkeys((*config.evaluate_metrics, *best))), features)


def check_evaluations(session: Session) -> None:
    """Refuse what cannot be measured, before training begins.

    Raises:
        GenzooError: Metrics or features that are unknown, or do not fit the model.
    """
    # Of a sharded model nobody has all before it trains.
    if session.config.evaluate_every is not None and not session.networks.sharded:
        settings, plan = what_to_measure(session.config)
        kind, registry = session.dataset.content.kind, session.task.registry
        check_request(session.model, kind, settings, plan, registry)


class Evaluations:
    """Evaluates the averaged weights every so many steps.

    Nothing of it moves the training: samples have randomness of their own.

    Args:
        session: What is trained.
        folder: Where the best model goes.
        note: Tells the user.
    """

    def __init__(self, session: Session, folder: RunFolder, note: Callable[[str], None]) -> None:
        self._session = session
        self._folder = folder
        self._note = note

    def due(self, last: bool) -> bool:
        """Whether this step, which may be the last, is one of those."""
        every = self._session.config.evaluate_every
        return every is not None and (last or self._session.position.step % every == 0)

    def measure(self) -> Mapping[str, float]:
        """The numbers by their names in the log; the best model is kept where that is asked for.

        Raises:
            GenzooError: The metrics do not fit the model or the data.
        """
        session, config = self._session, self._session.config
        settings, plan = what_to_measure(config)
        registry = session.task.registry
        evaluation = open_evaluation(
            session.model, session.dataset.content, settings, plan, registry
        )
        record = evaluation.measure(self._folder.path.name)
        if config.keep_best:
            self._keep(record)
        return {f"{EVALUATION}{value.name}": value.value for value in record.values}

    def _keep(self, record: EvaluationRecord) -> None:
        """Write the model and its record if it is better than the one that is kept."""
        deciding, target = self._deciding(record), self._folder.best
        kept = EvaluationRecord.read(target) if (target / RECORD).is_file() else None
        before = kept and kept.find(deciding)
        if before and not better(deciding, before):
            return
        publish(self._session, target)
        record.save(target / RECORD)
        self._note(
            f"The best model so far by {deciding.name}, {deciding.text}, is kept in {target}."
        )

    def _deciding(self, record: EvaluationRecord) -> Value:
        """The first number of the metric that decides, of which one way is better."""
        name = self._session.config.keep_best
        assert name is not None
        metric = self._session.task.registry[MetricSpec].find(name).full_name
        for value in record.values:
            if value.metric == metric and value.better != "neither":
                return value
        raise UsageError(
            f"The metric {name} gives no number that says which model is better.",
            "Choose another one for keep_best.",
        )


def better(value: Value, before: Value) -> bool:
    """Whether a number is better than another one of the same name."""
    if value.better == "lower":
        return value.value < before.value
    return value.value > before.value
