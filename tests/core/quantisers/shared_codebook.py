"""Quantises batches in two processes and prints how far that is from one with whole batches."""

import json

import torch

from genzoo.distributed.process_group import joined_process_group
from genzoo.quantisers.residual import ResidualQuantiser
from genzoo.quantisers.scalar import LookupFreeQuantiser
from genzoo.quantisers.vector import VectorQuantiser


def batches():
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(6, 3, 5, generator=generator) * (1 + step) for step in range(6)]


def gap(first, second):
    return float((first.double() - second.double()).abs().max())


def after(layer, rows=slice(None)):
    for x in batches():
        made = layer.train()(x[rows])
    return made


def pair(make):
    """The same layer twice."""
    torch.manual_seed(0)
    first = make()
    torch.manual_seed(0)
    return first, make()


with joined_process_group() as processes:
    rows = processes.rows(6)
    alone, shared = pair(lambda: VectorQuantiser(3, 8, decay=0.2, revive=0.5))
    never = VectorQuantiser(3, 8, decay=0.2, revive=0.0)
    shared.processes = processes
    whole, own = after(alone), after(shared, rows)
    after(never)
    stages, spread = pair(lambda: ResidualQuantiser(3, 8, 3, decay=0.2, dropout=0.5))
    for stage in spread.modules():
        stage.processes = processes
    after(stages), after(spread, rows)
    bits, shared_bits = LookupFreeQuantiser(3), LookupFreeQuantiser(3)
    shared_bits.processes = processes
    print(
        json.dumps(
            {
                "revived": not torch.allclose(never.codebook, alone.codebook),
                "codebook": gap(alone.codebook, shared.codebook),
                "residual": max(
                    gap(a.codebook, b.codebook)
                    for a, b in zip(stages.stages, spread.stages, strict=True)
                ),
                "entropies": gap(after(bits).penalty[rows], after(shared_bits, rows).penalty),
                "usage": gap(
                    torch.stack(alone.usage(whole.codes)), torch.stack(shared.usage(own.codes))
                ),
            }
        )
    )
