"""The codebook of running means."""

import copy
import json
from pathlib import Path

import pytest
import torch
from process_groups import run_processes

from genzoo.quantisers.vector import VectorQuantiser

CORNERS = torch.tensor([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])


def cloud(count=400, spread=0.05, seed=0):
    """Vectors (count, 2) around the four corners, as an image of one row."""
    generator = torch.Generator().manual_seed(seed)
    which = torch.randint(4, (count,), generator=generator)
    points = CORNERS[which] + spread * torch.randn(count, 2, generator=generator)
    return points.T[None]


def fixed(codebook, **options):
    layer = VectorQuantiser(codebook.shape[1], len(codebook), **options)
    layer.codebook.copy_(codebook)
    return layer.eval()


def test_a_fixed_codebook_gives_the_nearest_code_its_vector_and_the_squared_distance():
    layer = fixed(CORNERS)
    x = torch.tensor([[[-0.5, 2.0], [0.25, 3.0]]])  # The places (-0.5, 0.25) and (2, 3).
    made = layer(x)
    assert made.codes.tolist() == [[[1, 3]]]
    assert made.values.tolist() == [[[-1.0, 1.0], [1.0, 1.0]]]
    assert made.penalty.item() == pytest.approx(0.25 + 0.5625 + 1.0 + 4.0)
    assert torch.equal(layer.decode(made.codes), made.values)


def test_gradients_pass_straight_through_and_the_penalty_pulls_towards_the_code():
    layer = fixed(CORNERS)
    x = torch.tensor([[[0.5], [0.25]]], requires_grad=True)
    made = layer(x)
    (through,) = torch.autograd.grad((made.values * 3).sum(), x, retain_graph=True)
    assert through.tolist() == [[[3.0], [3.0]]]
    (pull,) = torch.autograd.grad(made.penalty.sum(), x)
    assert pull.tolist() == [[[-1.0], [-1.5]]]


def test_codes_of_many_vectors_are_those_of_all_distances():
    generator = torch.Generator().manual_seed(3)
    codebook = torch.randn(300, 5, generator=generator)
    x = torch.randn(2, 5, 7, 9, generator=generator)
    rows = x.permute(0, 2, 3, 1).reshape(-1, 5)
    nearest = torch.cdist(rows.double(), codebook.double()).argmin(1)
    assert torch.equal(fixed(codebook)(x).codes, nearest.view(2, 1, 7, 9))


def test_k_means_finds_clusters_in_the_first_batch():
    torch.manual_seed(0)
    layer = VectorQuantiser(2, 8).train()
    made = layer(cloud())
    assert (made.penalty / 400).item() < 0.01
    distances = torch.cdist(CORNERS, layer.codebook).min(1).values
    assert distances.max() < 0.1


def test_a_codes_running_mean_is_that_of_the_paper():
    layer = VectorQuantiser(1, 2, decay=0.75, revive=0.0, kmeans=0).train()
    layer.codebook.copy_(torch.tensor([[-1.0], [1.0]]))
    layer.counts.fill_(2.0)
    layer.sums.copy_(layer.codebook * 2)
    layer.updates.fill_(1)
    layer(torch.tensor([[[3.0, 5.0, -2.0, 4.0]]]))
    counts = [0.75 * 2 + 0.25, 0.75 * 2 + 0.25 * 3]
    means = [(-1.5 - 0.5) / counts[0], (1.5 + 3.0) / counts[1]]
    assert layer.counts.tolist() == pytest.approx(counts)
    assert layer.codebook.flatten().tolist() == pytest.approx(means, rel=1e-4)


def test_dead_codes_begin_anew_at_vectors_of_the_batch():
    layer = VectorQuantiser(2, 8, decay=0.5, kmeans=0).train()
    layer.codebook.fill_(50.0)
    layer.codebook[0] = 0.0
    layer.sums.copy_(layer.codebook)
    x = cloud()
    _, before = layer.eval().usage(layer(x).codes)
    layer.train()
    for _ in range(20):
        made = layer(x)
    perplexity, share = layer.usage(made.codes)
    assert before.item() == 1 / 8
    assert share.item() == 1.0
    assert perplexity > 4.0


def test_without_reviving_dead_codes_stay_dead():
    layer = VectorQuantiser(2, 8, decay=0.5, kmeans=0, revive=0.0).train()
    layer.codebook.fill_(50.0)
    layer.codebook[0] = 0.0
    layer.sums.copy_(layer.codebook)
    for _ in range(20):
        made = layer(cloud())
    assert layer.usage(made.codes)[1].item() == 1 / 8
    assert torch.isfinite(layer.codebook).all()


def test_with_cosine_vectors_have_length_one_and_scale_does_not_matter():
    torch.manual_seed(0)
    layer = VectorQuantiser(2, 8, cosine=True).train()
    for _ in range(3):
        made = layer(cloud())
    assert torch.allclose(layer.codebook.norm(dim=1), torch.ones(8))
    assert torch.allclose(made.values.norm(dim=1), torch.ones(1, 400))
    layer.eval()
    assert torch.equal(layer(cloud()).codes, layer(7 * cloud()).codes)


def test_nothing_is_learnt_in_evaluation():
    layer = VectorQuantiser(2, 4).eval()
    before = copy.deepcopy(layer.state_dict())
    layer(cloud())
    assert all(torch.equal(before[name], value) for name, value in layer.state_dict().items())


def test_a_codebook_that_was_saved_goes_on_as_if_it_had_not_been():
    torch.manual_seed(0)
    layer = VectorQuantiser(2, 16, decay=0.3, revive=0.5).train()
    for seed in range(3):
        layer(cloud(60, 1.0, seed))
    other = VectorQuantiser(2, 16, decay=0.3, revive=0.5).train()
    other.load_state_dict(layer.state_dict())
    for seed in range(3, 8):
        torch.manual_seed(seed)  # Chance comes from the codebook's own count.
        first = layer(cloud(60, 1.0, seed))
        torch.manual_seed(seed + 100)
        assert torch.equal(first.codes, other(cloud(60, 1.0, seed)).codes)
    assert torch.equal(layer.codebook, other.codebook)


def test_autocast_and_half_precision_do_not_change_codes():
    layer = fixed(CORNERS)
    x = cloud()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        made = layer(x)
    assert made.values.dtype == torch.float32
    assert torch.equal(made.codes, layer(x).codes)


def test_two_processes_have_the_codebook_of_one():
    script = Path(__file__).with_name("shared_codebook.py")
    for process in map(json.loads, run_processes([script])):
        assert process["revived"]
        assert process["codebook"] < 1e-5
        assert process["residual"] < 1e-5
        assert process["entropies"] < 1e-5
        assert process["usage"] < 1e-6
