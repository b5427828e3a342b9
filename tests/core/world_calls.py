"""Calls everything that a world can do, in each of its processes, and prints what came of it."""

import copy
import json

import torch

from genzoo.world import BUCKET_BYTES, joined_world

with joined_world() as world:
    own = torch.full((2, 3), float(world.rank))
    image = torch.arange(48.0).view(2, 3, 2, 4).contiguous(memory_format=torch.channels_last)
    image *= world.rank
    big = [torch.full((BUCKET_BYTES // 8 + 1,), float(world.rank)) for _ in range(3)]
    half = torch.full((2,), float(world.rank), dtype=torch.bfloat16)
    world.mean_([own, image, *big, half])

    x = torch.tensor([1.0 + world.rank], requires_grad=True)
    mean = world.mean(x * x)
    (gradient,) = torch.autograd.grad((mean * mean).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(gradient.sum(), x)

    first = [torch.tensor([world.rank + 5]), torch.tensor(world.leads), torch.tensor(world.rank)]
    world.broadcast_(first)

    order = []
    with world.one_by_one():
        order.append(world.rank)
    with joined_world() as again:
        nested = again.gather(again.rank)
    world.barrier()
    found = {
        "identity": [world.rank, world.size, world.local_rank, world.leads],
        "rows": [str(world.rows(5)), str(world.rows(8))],
        "mean_": own.tolist(),
        "image": torch.equal(image, torch.arange(48.0).view(2, 3, 2, 4) / 2),
        "buckets": [float((tensor - 0.5).abs().max()) for tensor in big],
        "half": half.tolist(),
        "mean": [value.item() for value in (mean, gradient, second)],
        "broadcast_": [tensor.item() for tensor in first],
        "any": [world.any(world.rank == 1), world.any(False), world.ask(world.leads)()],
        "share": world.share({"from": world.rank, "text": "ä" * 9} if world.leads else None),
        "gather": world.gather({"rank": world.rank, "text": "x" * 7 * world.rank}),
        "nested": nested,
        "copied": copy.deepcopy(world) is world,
    }
    print(json.dumps(found))
