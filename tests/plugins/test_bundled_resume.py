"""Every architecture with every objective that fits it goes on bit for bit, wherever it stopped.

The pairs are those that are registered: a new one is covered as soon as it is there.
"""

import numpy as np
import pytest
from interruptions import TRAINING, train_with_interruptions
from run_comparison import assert_same_runs

from genzoo.media.registered_kinds import find_kind, load_kind
from genzoo.plugins.manager import default_manager
from genzoo.records import ArchitectureSpec, ObjectiveSpec
from genzoo.training.begin_and_resume import train_run
from genzoo.training.training_config import DataConfig, RunPlan, TrainingConfig
from genzoo_testing.check_targets import ArchitectureSubject, PairSubject
from genzoo_testing.random_inputs import cyclic_labels, random_samples

COUNT = 8
BATCH = 3
"""No divisor of `COUNT`, so that batches run over the end of the data."""


SLOW = {"spec-vae"}
"""Finding phases makes a run of these take minutes: tests/plugins/audio resumes them."""


def candidates():
    registry = default_manager().registry
    for entry in registry[ArchitectureSpec].values():
        if entry.record.name in SLOW:
            continue
        for kind in entry.record.kinds:
            architecture = ArchitectureSubject(registry, entry, kind)
            for objective in registry[ObjectiveSpec].values():
                if set(objective.record.requires) <= set(entry.record.parts):
                    yield PairSubject(architecture, objective, "genzoo")


PAIRS = list(candidates())


def write_samples(pair, path):
    """`COUNT` random samples that the architecture takes, with classes where it takes some."""
    registry, entry = pair.architecture.registry, pair.architecture.entry
    spec = pair.architecture.tiny.samples[-1]
    kind = load_kind(find_kind(registry, pair.architecture.kind, entry.distribution))
    arrays = {kind.array: kind.rows(random_samples(spec, COUNT), spec)}
    if spec.conditional:
        arrays |= {"labels": cyclic_labels(spec, COUNT).numpy(), "classes": np.array(spec.classes)}
    np.savez(path, **arrays)
    return DataConfig(data=str(path), conditional=spec.conditional)


def make_plan(pair, data):
    entry = pair.architecture.entry
    return RunPlan(
        architecture=entry.full_name,
        architecture_config=dict(pair.architecture.tiny.config),
        objective=pair.objective.full_name,
        data=data,
        training=TrainingConfig(**TRAINING, batch_size=BATCH),
    )


@pytest.mark.slow
@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_a_run_goes_on_bit_for_bit_wherever_it_stopped(tmp_path, pair):
    if pair.refusal:
        assert not pair.is_own
        return
    plan = make_plan(pair, write_samples(pair, tmp_path / "data.npz"))
    registry = pair.architecture.registry
    train_run(plan, tmp_path / "whole", registry)
    train_with_interruptions(plan, tmp_path / "stopped", registry)
    assert_same_runs(tmp_path / "stopped", tmp_path / "whole")
