"""Trains every pair of the bundled plugins for a few steps, with the others and alone.

Run in each process of a world: `shared_runs.py '["names of cases; or all"]'`. Rank 0 prints, for
each case, how far the two ended apart.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import torch
from torch import Tensor

from genzoo.plugins.manager import default_manager
from genzoo.testing.find import find_plugin
from genzoo.testing.inputs import RandomDataset
from genzoo.testing.runner import applies, plan
from genzoo.testing.subjects import PairSubject
from genzoo.training.config import DataConfig, RunPlan, TrainingConfig
from genzoo.training.folder import RunFolder
from genzoo.training.reporter import Reporter
from genzoo.training.session import Session, open_session, session_tensors
from genzoo.training.trainer import Trainer
from genzoo.world import SOLO, World, joined_world

STEPS = 3
BATCH = 8

ADRIFT = "to_k.bias"
"""Softmax does not change with the bias of the keys: its gradient is zero but for rounding, and
Adam makes steps of any size out of that."""

VARIANTS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "lazy": ("convgan with r3gan", {"penalty_every": 2}, {}),
    "free bits": ("conv-vae with elbo", {"free_bits": 0.05}, {}),
    "accumulate": ("convgan with wgan-gp", {}, {"accumulate": 2}),
    "augment": ("dcgan with hinge", {"augment": "color,translation,cutout"}, {}),
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

    def session(self, world: World) -> Session:
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
        return open_session(plan, dataset, self.pair.architecture.registry, world)


def cases() -> Iterator[Case]:
    groups = plan(find_plugin("genzoo", default_manager()))
    pairs = [group.subject for group in groups if isinstance(group.subject, PairSubject)]
    known = {pair.name: Case(pair.name, pair) for pair in pairs if applies(pair)}
    yield from known.values()
    for name, (pair, objective, training) in VARIANTS.items():
        yield replace(known[pair], name=f"{pair}, {name}", objective=objective, training=training)


def trained(case: Case, world: World) -> tuple[dict[str, Tensor], dict[str, Tensor], Any]:
    """State before and after, by name, and what was measured."""
    with TemporaryDirectory() as place:
        folder = RunFolder(Path(place) / "run")
        folder.create()
        trainer = Trainer(case.session(world), folder, Reporter())
        before = flat(trainer.session)
        trainer.advance(STEPS)
        lines = folder.metrics_file.read_text() if world.leads else "{}"
    return before, flat(trainer.session), json.loads(lines)


def flat(session: Session) -> dict[str, Tensor]:
    return {
        f"{group}/{name}": tensor.detach().clone()
        for group, tensors in session_tensors(session).items()
        for name, tensor in tensors.items()
        if tensor.is_floating_point()
    }


def distances(case: Case, world: World) -> dict[str, Any]:
    """By group of tensors, the distance between both ends as a share of the way."""
    before, together, measured = trained(case, world)
    _, alone, expected = trained(case, SOLO)
    spread = {
        name: float((tensor - world.mean(tensor)).norm()) for name, tensor in together.items()
    }
    shares = {}
    for group in sorted({name.split("/")[0] for name in together}):
        names = [
            name
            for name in together
            if name.split("/")[0] == group
            and not (name.endswith(ADRIFT) and not group.startswith("optimizer"))
        ]
        origin = [before.get(name, torch.zeros_like(alone[name])) for name in names]
        apart = sum(float((together[n] - alone[n]).double().square().sum()) for n in names)
        way = sum(
            float((alone[n] - o).double().square().sum())
            for n, o in zip(names, origin, strict=True)
        )
        shares[group] = (apart / way) ** 0.5
    return {
        "case": case.name,
        "shares": shares,
        "spread": max(value for name, value in spread.items() if "running" not in name),
        "measured": measured,
        "expected": expected,
    }


if __name__ == "__main__":
    wanted = json.loads(sys.argv[1])
    with joined_world() as world:
        for case in cases():
            if wanted and case.name not in wanted:
                continue
            found = distances(case, world)
            if world.leads:
                print(json.dumps(found), flush=True)
