"""Trains pairs of the bundled plugins with sharded parameters, and alone.

Run in each process of a world: `sharded_runs.py '["names of cases; or all"]'`. Rank 0 prints, for
each case, how far the two ended apart, or why sharding was refused.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from shared_runs import Case, cases, separations, trained

from genzoo.errors import CapabilityError
from genzoo.training import sharding
from genzoo.training.sharded_tensors import own_share
from genzoo.world import SOLO, World, joined_world


def compared(case: Case, world: World) -> dict[str, Any]:
    """By group of tensors, the distance between both ends as a share of the way."""
    case = replace(case, training={**case.training, "shard": True})
    try:
        before, together, measured = trained(case, world)
        held = share_held(case, world)
    except CapabilityError as error:
        return {"case": case.name, "refused": error.message}
    if not world.leads:
        return {}
    _, alone, expected = trained(case, SOLO)
    shares = separations(before, together, alone)
    return {
        "case": case.name,
        "shares": shares,
        "held": held,
        "measured": measured,
        "expected": expected,
    }


def share_held(case: Case, world: World) -> float:
    """The share of its parameters that this process keeps between steps."""
    parts = case.session(world).parts.values()
    parameters = [parameter for part in parts for parameter in part.parameters()]
    return sum(own_share(p).numel() for p in parameters) / sum(p.numel() for p in parameters)


def main(wanted: Sequence[str]) -> None:
    # The networks of tests are tiny, and every layer is to be shared out all the same.
    sharding.LEAST = 1
    with joined_world() as world:
        for case in cases():
            if wanted and case.name not in wanted:
                continue
            found = compared(case, world)
            if world.leads:
                print(json.dumps(found), flush=True)
            world.barrier()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
