"""Gradients of several processes become one."""

import torch
from torch import nn

from genzoo.distributed.process_group import SINGLE_PROCESS, ProcessGroup
from genzoo.training.data_parallel import average_gradients


class Beside(ProcessGroup):
    """A group of two whose other process has gradients that are known."""

    others: list

    def __init__(self, others):
        super().__init__(rank=0, size=2)
        object.__setattr__(self, "others", others)

    def mean_(self, tensors):
        for tensor, other in zip(tensors, self.others, strict=True):
            tensor.copy_((tensor + other) / 2)


def parameters(*gradients):
    made = [nn.Parameter(torch.zeros(2)) for _ in gradients]
    for parameter, gradient in zip(made, gradients, strict=True):
        parameter.grad = None if gradient is None else torch.tensor(gradient)
    return made


def test_a_gradient_that_is_missing_somewhere_counts_as_zero():
    own = parameters([1.0, 2.0], None, [4.0, 6.0], None)
    others = [[3.0, 4.0], [8.0, 10.0], [0.0, 0.0], [0.0, 0.0], [1.0, 1.0, 0.0, 0.0]]
    optimizers = [torch.optim.SGD(own[:2]), torch.optim.SGD(own[2:])]
    average_gradients(Beside([torch.tensor(other) for other in others]), optimizers)
    assert [None if p.grad is None else p.grad.tolist() for p in own] == [
        [2.0, 3.0],
        [4.0, 5.0],
        [2.0, 3.0],
        None,
    ]


def test_one_process_keeps_its_gradients():
    own = parameters([1.0, 2.0], None)
    average_gradients(SINGLE_PROCESS, [torch.optim.SGD(own)])
    assert own[0].grad.tolist() == [1.0, 2.0]
    assert own[1].grad is None
