"""Normalises a batch in two processes and prints how far that is from one with the whole batch."""

import json

import torch
from torch import nn

from genzoo.distributed.process_group import joined_process_group
from genzoo.distributed.sync_batch_norm import synced


def outcome(layers, x, weights):
    """Output, gradients, and the gradients of a penalty on one of them."""
    x = x.clone().requires_grad_()
    y = layers(x)
    loss = (y * weights).flatten(1).sum(1).tanh().mean()
    parameters = list(layers.parameters())
    slope, *gradients = torch.autograd.grad(loss, [x, *parameters], create_graph=True)
    penalty = slope.square().flatten(1).sum(1).mean()
    second = torch.autograd.grad(penalty, parameters, allow_unused=True)
    return y.detach(), slope.detach(), [*gradients, *(each for each in second if each is not None)]


def make():
    generator = torch.Generator().manual_seed(0)
    layers = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Tanh(), nn.Conv2d(4, 2, 1))
    for value in layers.parameters():
        value.data = torch.randn(value.shape, generator=generator)
    x = torch.randn(6, 3, 5, 5, generator=generator) * 3 + 20
    return layers.double(), x.double(), torch.randn(6, 2, 3, 3, generator=generator).double()


def gap(found, expected):
    return max(float((a - b).detach().abs().max()) for a, b in zip(found, expected, strict=True))


with joined_process_group() as processes:
    whole, x, weights = make()
    y, slope, gradients = outcome(whole, x, weights)
    shared = synced(make()[0], processes)
    rows = processes.rows(len(x))
    own_y, own_slope, own_gradients = outcome(shared, x[rows], weights[rows])
    # A penalty on a slope of the mean over own rows is larger by the square of the processes.
    first, second = own_gradients[:6], own_gradients[6:]
    means = [processes.mean(g.detach()) for g in first]
    means += [processes.mean(g.detach()) / processes.size**2 for g in second]
    normed = shared[1]
    half = synced(nn.BatchNorm1d(2), processes)(
        torch.ones(3, 2, dtype=torch.bfloat16) * processes.rank
    )
    generator = torch.Generator().manual_seed(1)
    far = 1000 + 0.1 * torch.randn(64, 3, generator=generator)
    layer = synced(nn.BatchNorm1d(3), processes)
    normal = layer(far[processes.rows(len(far))])
    exact = nn.BatchNorm1d(3).double()(far.double())[processes.rows(len(far))]
    print(
        json.dumps(
            {
                "kind": type(normed).__name__,
                "names": list(shared.state_dict()) == list(whole.state_dict()),
                "output": gap([own_y], [y[rows]]),
                "slope": gap([own_slope / processes.size], [slope[rows]]),
                "gradients": gap(means, gradients),
                "buffers": gap(shared.buffers(), whole.buffers()),
                "evaluated": gap([shared.eval()(x)], [whole.eval()(x)]),
                "far": gap([normal.double()], [exact]),
                "far_variance": gap(
                    [layer.running_var.double()], [0.9 + 0.1 * far.double().var(0)]
                ),
                "half": [str(half.dtype), half[0].float().tolist()],
            }
        )
    )
