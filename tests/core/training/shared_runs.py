"""Trains every pair of the bundled plugins for a few steps, with the others and alone.

Run in each process of a group: `shared_runs.py '["names of cases"]'`, by default all. Rank 0
prints, for each case, how far the two ended apart. `own:NAME` are the cases of a
distribution of its own in plugins or docs/examples.
"""

from __future__ import annotations

import json
import math
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import smooth_network
import torch
from torch import Tensor

from genzoo.distributed.process_group import SINGLE_PROCESS, ProcessGroup, joined_process_group
from genzoo.plugins.manager import default_manager
from genzoo.training.components import Session, open_session, session_tensors
from genzoo.training.data_parallel import unify_buffers
from genzoo.training.planned_run import PlannedRun
from genzoo.training.reporter import Reporter
from genzoo.training.run_folder import RunFolder
from genzoo.training.training_config import DataConfig, RunPlan, TrainingConfig
from genzoo.training.training_loop import Trainer
from genzoo_testing.check_targets import PairSubject
from genzoo_testing.find_plugin import find_plugin
from genzoo_testing.random_inputs import RandomDataset
from genzoo_testing.runner import applies, plan

ROOT = Path(__file__).parents[3]
OWN = {
    path.parent.name: path.parent
    for place in ("docs/examples", "plugins")
    for path in ROOT.glob(f"{place}/*/pyproject.toml")
}
STEPS = 3
BATCH = 8

FELT = 1e-5
"""Least root mean square gradient, as a share of the part's largest. Below it is rounding alone, as
with the bias of an attention's keys, and Adam makes steps of any size out of that."""

OPTIONS: dict[str, dict[str, Any]] = {"projected": {"feature_network": smooth_network.NAME}}
"""Options of objectives without which rounding alone would tell two runs apart."""

VARIANTS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "lazy": ("convgan with r3gan", {"penalty_every": 2}, {}),
    "free bits": ("conv-vae with elbo", {"free_bits": 0.05}, {}),
    "accumulate": ("convgan with wgan-gp", {}, {"accumulate": 2}),
    "augment": ("dcgan with hinge", {"augment": "color,translation,cutout"}, {}),
    "adaptive": (
        "convgan with wgan-gp",
        {"augment": "ada", "ada_target": -1.0, "ada_images": 320},
        {"clip_gradient": 1.0, "schedule": "linear", "warmup_steps": 1},
    ),
    "patches": (
        "kl-autoencoder with autoencoder",
        {"adversarial": 1.0, "adversarial_start": 0.0, "equivariance": 1.0, "latent_noise": 0.1},
        {},
    ),
    "apart": ("dcgan with gan", {}, {"sync_batch_norm": False}),
}
"""Cases beside the pairs as they are: the pair, options of its objective and of the training."""


@dataclass(frozen=True)
class Case:
    """A run of a few steps."""

    name: str
    pair: PairSubject
    objective: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)

    def session(self, processes: ProcessGroup) -> Session:
        entry, tiny = self.pair.architecture.entry, self.pair.architecture.tiny
        starting = entry.record.objective_defaults if self.pair.is_own else {}
        training = {"steps": STEPS, "batch_size": BATCH, "log_every": STEPS, "ema": 0.5}
        training |= {"device": "cpu", "precision": "fp32", "sync_batch_norm": True}
        plan = RunPlan(
            architecture=entry.full_name,
            architecture_config=dict(tiny.config),
            objective=self.pair.objective.full_name,
            objective_config={**starting, **self.objective},
            data=DataConfig(data=RandomDataset.name),
            training=TrainingConfig(**{**training, **self.training}),
        )
        dataset = cast(Any, RandomDataset(tiny.samples[-1]))
        return open_session(
            PlannedRun.of(plan, self.pair.architecture.registry), dataset, processes
        )


def pairs(package: str) -> dict[str, Case]:
    groups = plan(find_plugin(package, default_manager()))
    found = [group.subject for group in groups if isinstance(group.subject, PairSubject)]
    return {
        pair.name: Case(pair.name, pair, OPTIONS.get(pair.objective.record.name, {}))
        for pair in found
        if applies(pair)
    }


def cases(wanted: list[str]) -> Iterator[Case]:
    known = pairs("genzoo")
    for case in (*known.values(), *variants(known)):
        if not wanted or case.name in wanted:
            yield case
    for name in wanted:
        if name.startswith("own:"):
            yield from pairs(str(OWN[name.removeprefix("own:")])).values()


def variants(known: dict[str, Case]) -> Iterator[Case]:
    for name, (pair, objective, training) in VARIANTS.items():
        yield replace(known[pair], name=f"{pair}, {name}", objective=objective, training=training)


def trained(
    case: Case, processes: ProcessGroup
) -> tuple[dict[str, Tensor], dict[str, Tensor], Any]:
    """State before and after, by name, and what was measured."""
    with TemporaryDirectory() as place:
        folder = RunFolder(Path(place) / "run")
        folder.create()
        trainer = Trainer(case.session(processes), folder, Reporter())
        before = flat(trainer.session)
        trainer.advance(STEPS)
        # As before anything is written.
        session = trainer.session
        unify_buffers(processes, [*session.parts.values(), session.ema.module])
        lines = folder.metrics_file.read_text() if processes.is_main else "{}"
    return before, flat(trainer.session), json.loads(lines)


def flat(session: Session) -> dict[str, Tensor]:
    return {
        f"{group}/{name}": tensor.detach().clone()
        for group, tensors in session_tensors(session).items()
        for name, tensor in tensors.items()
        if tensor.is_floating_point()
    }


def felt(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """1 where a parameter has a gradient worth the name, else 0, by `part.parameter`."""
    roots = {
        name.removeprefix("optimizer.").removesuffix("/exp_avg_sq").replace("/", "."): value.sqrt()
        for name, value in state.items()
        if name.endswith("/exp_avg_sq")
    }
    largest: dict[str, float] = defaultdict(float)
    for name, root in roots.items():
        part = name.split(".")[0]
        largest[part] = max(largest[part], float(root.max()))
    return {
        name: (root > FELT * largest[name.split(".")[0]]).float() for name, root in roots.items()
    }


def separations(
    before: dict[str, Tensor], together: dict[str, Tensor], alone: dict[str, Tensor]
) -> dict[str, float]:
    """By group of tensors, the distance between both ends as a share of the way."""
    weights = felt(alone)
    apart: dict[str, float] = defaultdict(float)
    way: dict[str, float] = defaultdict(float)
    for name, end in alone.items():
        weight = weights.get(name.replace("/", ".").split(".", 1)[1], torch.ones(()))
        origin = before.get(name, torch.zeros_like(end))
        group = name.split("/")[0]
        apart[group] += float(((together[name] - end) * weight).double().square().sum())
        way[group] += float(((end - origin) * weight).double().square().sum())
    return {group: _share(apart[group], way[group]) for group in apart}


def _share(apart: float, way: float) -> float:
    """Of what does not move, such as a constant buffer, no part may differ."""
    if not way:
        return math.inf if apart else 0.0
    return (apart / way) ** 0.5


def distances(case: Case, processes: ProcessGroup) -> dict[str, Any]:
    """By group of tensors, the distance between both ends as a share of the way."""
    before, together, measured = trained(case, processes)
    spread = {
        name: float((tensor - processes.mean(tensor)).norm()) for name, tensor in together.items()
    }
    if not processes.is_main:
        return {}
    _, alone, expected = trained(case, SINGLE_PROCESS)
    shares = separations(before, together, alone)
    return {
        "case": case.name,
        "shares": shares,
        "spread": max(value for name, value in spread.items() if "running" not in name),
        "measured": measured,
        "expected": expected,
    }


if __name__ == "__main__":
    smooth_network.register(default_manager().registry)
    with joined_process_group() as processes:
        for case in cases(json.loads(sys.argv[1])):
            found = distances(case, processes)
            if processes.is_main:
                print(json.dumps(found), flush=True)
