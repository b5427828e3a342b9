"""What a loss sees of its step."""

import torch
from torch import nn

from genzoo import Batch, LatentSpec, StandardNormal, Step
from genzoo.distributed.process_group import SINGLE_PROCESS, ProcessGroup


def make(identity=(0,), count=4, index=0, processes=SINGLE_PROCESS):
    return Step(
        index=index,
        total=10,
        batch=Batch(torch.zeros(count, 1, 2, 2)),
        parts={"generator": nn.Identity()},
        prior=StandardNormal(LatentSpec(shape=(3,))),
        identity=identity,
        processes=processes,
    )


def test_a_stream_goes_on_and_streams_are_independent():
    step = make()
    first, second = step.noise("a").normal(2), step.noise("a").normal(2)
    assert not torch.equal(first, second)
    assert not torch.equal(first, make().noise("b").normal(2))
    assert torch.equal(first, make().noise("a").normal(2))


def test_streams_depend_on_the_identity():
    one, two = make((0, 1)).latents(), make((0, 2)).latents()
    assert not torch.equal(one, two)
    assert torch.equal(one, make((0, 1)).latents())


def test_streams_of_one_name_for_other_counts_are_independent():
    few, many = make().noise("a", 4).normal(2), make().noise("a", 8).normal(2)
    assert not torch.equal(few, many[:4])
    assert not torch.equal(make().latents(count=2), make().latents(count=3)[:2])


def test_asking_for_another_stream_changes_none():
    step = make()
    step.noise("b").normal(5)
    assert torch.equal(step.noise("a").normal(2), make().noise("a").normal(2))


def test_latents_are_of_the_prior():
    assert make().latents().shape == (4, 3)
    assert make().latents(count=7).shape == (7, 3)
    assert torch.equal(make().latents("z"), make().noise("z").normal(3))


def test_once_computes_once():
    step, calls = make(), []
    for _ in range(3):
        assert step.once("fake", lambda: calls.append(1) or len(calls)) == 1
    assert calls == [1]
    assert step.used == {"fake"}


def test_reports_are_detached_means():
    step = make()
    step.report("value", torch.tensor([1.0, 3.0], requires_grad=True))
    assert step.reported["value"].item() == 2.0
    assert not step.reported["value"].requires_grad


def test_parts_and_batch():
    step = make()
    assert isinstance(step.part("generator"), nn.Identity)
    assert len(step.batch) == 4
    assert step.device == torch.device("cpu")


def test_processes_have_the_rows_of_one_stream_between_them():
    whole = make(count=6)
    shares = [make(count=2, processes=ProcessGroup(rank, 3)) for rank in range(3)]
    assert torch.equal(torch.cat([step.latents() for step in shares]), whole.latents())
    for draw in (lambda s, n: s.noise("a", n).uniform(4), lambda s, n: s.noise("a", n).normal()):
        assert torch.equal(torch.cat([draw(step, 5) for step in shares]), draw(whole, 15))
    assert [step.noise("a").count for step in shares] == [2, 2, 2]


def test_the_mean_over_a_batch_of_one_process_is_that_of_its_rows():
    x = torch.arange(12.0).view(4, 3)
    assert torch.equal(make().batch_mean(x), x.mean(0))
