"""Trains pairs of the bundled plugins with sharded parameters, and alone.

Run in each process of a group: `sharded_runs.py '["names of cases; or all"]'`. Rank 0 prints, for
each case, how far the two ended apart, or why sharding was refused.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import Any

import smooth_network
import torch
from shared_runs import Case, cases, separations, trained
from torch import Tensor, nn

from genzoo.distributed.process_group import SINGLE_PROCESS, ProcessGroup, joined_process_group
from genzoo.errors import CapabilityError
from genzoo.plugins.manager import default_manager
from genzoo.training import fsdp as sharding
from genzoo.training.fsdp_tensors import local_shard, sharding_errors

NOT_SHARDED = ", patches"
"""Torch's hooks fail where a discriminator of patches judges what sharded networks have made."""


def compared(case: Case, processes: ProcessGroup) -> dict[str, Any]:
    """By group of tensors, the distance between both ends as a share of the way."""
    case = replace(case, training={**case.training, "shard": True})
    try:
        before, together, measured = trained(case, processes)
        held = share_held(case, processes)
    except CapabilityError as error:
        return {"case": case.name, "refused": error.message}
    if not processes.is_main:
        return {}
    _, alone, expected = trained(case, SINGLE_PROCESS)
    shares = separations(before, together, alone)
    return {
        "case": case.name,
        "shares": shares,
        "held": held,
        "measured": measured,
        "expected": expected,
    }


def share_held(case: Case, processes: ProcessGroup) -> float:
    """The share of its parameters that this process keeps between steps."""
    parts = case.session(processes).parts.values()
    parameters = [parameter for part in parts for parameter in part.parameters()]
    return sum(local_shard(p).numel() for p in parameters) / sum(p.numel() for p in parameters)


class Misused(nn.Module):
    """Uses the weight of a layer that it does not call."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return x @ self.layer.weight


def misused(processes: ProcessGroup) -> dict[str, Any]:
    """What is said of a network that cannot be sharded."""
    network = Misused()
    sharding.Sharding(processes, torch.device("cpu")).shard(network)
    try:
        with sharding_errors():
            network(torch.ones(2, 4))
    except CapabilityError as error:
        return {"case": "misused", "refused": error.message}
    return {"case": "misused"}


def main(wanted: list[str]) -> None:
    # The networks of tests are tiny, and every layer is to be shared out all the same.
    sharding.LEAST = 1
    smooth_network.register(default_manager().registry)
    with joined_process_group() as processes:
        tell(processes, misused(processes))
        for case in cases(wanted):
            if case.name.endswith(NOT_SHARDED):
                continue
            tell(processes, compared(case, processes))


def tell(processes: ProcessGroup, found: dict[str, Any]) -> None:
    """Print it in rank 0, and wait for all."""
    if processes.is_main:
        print(json.dumps(found), flush=True)
    processes.barrier()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
