"""Calls all that a process group can do, in each of its processes, and prints the results."""

import copy
import json

import torch

from genzoo.distributed.process_group import BUCKET_BYTES, joined_process_group

with joined_process_group() as processes:
    own = torch.full((2, 3), float(processes.rank))
    image = torch.arange(48.0).view(2, 3, 2, 4).contiguous(memory_format=torch.channels_last)
    image *= processes.rank
    big = [torch.full((BUCKET_BYTES // 8 + 1,), float(processes.rank)) for _ in range(3)]
    half = torch.full((2,), float(processes.rank), dtype=torch.bfloat16)
    processes.mean_([own, image, *big, half])

    x = torch.tensor([1.0 + processes.rank], requires_grad=True)
    mean = processes.mean(x * x)
    (gradient,) = torch.autograd.grad((mean * mean).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(gradient.sum(), x)

    first = [
        torch.tensor([processes.rank + 5]),
        torch.tensor(processes.is_main),
        torch.tensor(processes.rank),
    ]
    processes.broadcast_(first)

    order = []
    with processes.one_by_one():
        order.append(processes.rank)
    with joined_process_group() as again:
        nested = again.gather(again.rank)
    processes.barrier()
    found = {
        "identity": [processes.rank, processes.size, processes.local_rank, processes.is_main],
        "rows": [str(processes.rows(5)), str(processes.rows(8))],
        "mean_": own.tolist(),
        "image": torch.equal(image, torch.arange(48.0).view(2, 3, 2, 4) / 2),
        "buckets": [float((tensor - 0.5).abs().max()) for tensor in big],
        "half": half.tolist(),
        "mean": [value.item() for value in (mean, gradient, second)],
        "broadcast_": [tensor.item() for tensor in first],
        "any": [
            processes.any(processes.rank == 1),
            processes.any(False),
            processes.ask(processes.is_main)(),
        ],
        "share": processes.share(
            {"from": processes.rank, "text": "ä" * 9} if processes.is_main else None
        ),
        "gather": processes.gather({"rank": processes.rank, "text": "x" * 7 * processes.rank}),
        "nested": nested,
        "copied": copy.deepcopy(processes) is processes,
    }
    print(json.dumps(found))
