"""Codebooks in a row."""

import pytest
import torch

from genzoo.quantisers.residual import ResidualQuantiser


def noise(count=300, seed=0):
    return torch.randn(1, 4, count, generator=torch.Generator().manual_seed(seed))


def made_of(codebooks):
    layer = ResidualQuantiser(1, len(codebooks[0]), len(codebooks))
    for stage, codes in zip(layer.stages, codebooks, strict=True):
        stage.codebook.copy_(torch.tensor(codes).unsqueeze(1))
    return layer.eval()


def test_each_codebook_quantises_what_those_before_it_left():
    layer = made_of([[-8.0, 0.0, 8.0], [-2.0, 0.0, 2.0], [-0.5, 0.0, 0.5]])
    made = layer(torch.tensor([[[9.6, -2.4]]]))
    # 9.6 is 8 + 2 - 0.5 and a rest of 0.1; -2.4 is 0 - 2 - 0.5 and a rest of 0.1.
    assert made.codes.tolist() == [[[2, 1], [2, 0], [0, 0]]]
    assert made.values.tolist() == [[[9.5, -2.5]]]
    assert made.penalty.item() == pytest.approx(1.6**2 + 0.4**2 + 2 * 0.1**2 + 2.4**2 + 0.4**2)
    assert torch.equal(layer.decode(made.codes), made.values)


def test_the_first_streams_are_a_coarser_code():
    layer = made_of([[-8.0, 0.0, 8.0], [-2.0, 0.0, 2.0], [-0.5, 0.0, 0.5]])
    codes = layer(torch.tensor([[[9.6]]])).codes
    assert [layer.decode(codes[:, :count]).item() for count in (1, 2, 3)] == [8.0, 10.0, 9.5]


def test_the_rate_is_the_sum_of_those_of_the_streams():
    assert ResidualQuantiser(4, 256, 3).bits == 24.0


def test_every_further_codebook_lessens_the_error():
    torch.manual_seed(0)
    layer = ResidualQuantiser(4, 16, 4).train()
    for seed in range(5):
        layer(noise(seed=seed))
    x = noise(seed=9)
    codes = layer.eval()(x).codes
    errors = [(layer.decode(codes[:, :count]) - x).square().mean() for count in range(1, 5)]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.2 * x.square().mean()


def test_with_dropout_some_batches_have_fewer_streams_and_a_resumed_run_the_same():
    torch.manual_seed(0)
    layer = ResidualQuantiser(4, 8, 4, dropout=0.5).train()
    streams = [layer(noise(seed=seed)).codes.shape[1] for seed in range(20)]
    assert streams[0] == 4
    assert set(streams) == {1, 2, 3, 4}
    again = ResidualQuantiser(4, 8, 4, dropout=0.5).train()
    again.load_state_dict(layer.state_dict())
    for seed in range(20, 26):
        assert torch.equal(layer(noise(seed=seed)).codes, again(noise(seed=seed)).codes)
    assert layer.eval()(noise()).codes.shape[1] == 4


def test_gradients_pass_straight_through_all_stages():
    layer = made_of([[-8.0, 8.0], [-2.0, 2.0]])
    x = torch.tensor([[[5.0]]], requires_grad=True)
    (slope,) = torch.autograd.grad(layer(x).values.sum(), x)
    assert slope.item() == 1.0
