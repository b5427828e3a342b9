"""Metrics of texts against values known exactly."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

import genzoo
from genzoo import Encoder, EvaluationRecord, Model, SampleNoise
from genzoo_text.configs import TextOptions, TextVAEConfig
from genzoo_text.metrics import edit_distance
from genzoo_text.ngrams import BINS, TokenNgrams
from genzoo_text.text_kind import TextKind
from genzoo_text.text_vae import TextVAE

SMALL = {"width": 16, "layers": 1, "encoder_layers": 1, "heads": 2, "latent_dim": 1, "memory": 1}


def small_language(length: int = 3, letters: str = "abc") -> tuple[Model, Tensor]:
    """A model of texts of up to three of three letters, and all 40 of them."""
    kind = TextKind(TextOptions(vocabulary=letters, length=length))
    torch.manual_seed(1)
    architecture = TextVAE(TextVAEConfig(**SMALL), kind.spec())
    parts = architecture.build()
    for part in parts.values():
        for parameter in part.parameters():
            parameter.data += 0.4 * torch.randn_like(parameter)
    # A posterior that is near the prior, so that draws from it reach all of the latent.
    parts["encoder"].head.weight.data *= 0.1
    parts["encoder"].head.bias.data *= 0.1
    model = Model("genzoo/text-vae", architecture, parts, kind=kind)
    texts = [""] + [
        "".join(one) for n in range(1, length + 1) for one in product(letters, repeat=n)
    ]
    rows = np.concatenate([kind.adapt(np.array(text)).rows for text in texts])
    return model, kind.samples(torch.from_numpy(rows), kind.spec())


@torch.no_grad()
def exact_log_likelihoods(model: Model, texts: Tensor) -> Tensor:
    """log p(x) of each text by quadrature over the latent, which is one number."""
    grid = torch.linspace(-8, 8, 801).unsqueeze(1)
    mass = model.prior().log_prob(grid) + math.log(16 / 800)
    found = []
    for text in texts:
        given = model.parts["decoder"](grid).log_prob(text.expand(len(grid), -1))
        found.append(torch.logsumexp(given + mass, 0))
    return torch.stack(found)


def test_the_importance_weighted_likelihood_is_that_of_a_language_that_can_be_listed() -> None:
    model, texts = small_language()
    exact = exact_log_likelihoods(model, texts)
    assert float(exact.exp().sum()) == pytest.approx(1, abs=1e-4)
    encoder = model.parts["encoder"]
    assert isinstance(encoder, Encoder)
    with torch.no_grad():
        posterior, decoder = encoder(texts), model.parts["decoder"]
        noise = SampleNoise(0, range(len(texts)))
        draws = [
            genzoo.log_weights(posterior, decoder, model.prior(), texts, noise) for _ in range(2000)
        ]
    weights = torch.stack(draws).exp().double()
    error = weights.std(0) / len(weights) ** 0.5
    assert bool(((weights.mean(0) - exact.exp()).abs() < 5 * error).all())
    assert bool((error < 0.2 * exact.exp()).all())
    noise = SampleNoise(0, range(len(texts)))
    bound = genzoo.estimate_log_likelihood(encoder, decoder, model.prior(), texts, noise, 2000)
    torch.testing.assert_close(bound.double(), weights.mean(0).log(), atol=1e-4, rtol=1e-4)


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> tuple[EvaluationRecord, Model, Tensor]:
    """An evaluation of the small language's model on twenty of its texts."""
    model, texts = small_language()
    place = tmp_path_factory.mktemp("metrics")
    rows = model.kind.rows(texts, model.sample_spec)
    np.savez(place / "some.npz", texts=rows[1:21])
    np.savez(place / "others.npz", texts=rows[21:])
    found = genzoo.evaluate(
        model, str(place / "some.npz"), held_out=str(place / "others.npz"), count=400
    )
    return found, model, texts


def values(record: EvaluationRecord) -> dict[str, float]:
    return {one.name: one.value for one in record.values}


def test_bits_are_counted_for_characters_and_the_end(
    record: tuple[EvaluationRecord, Model, Tensor],
) -> None:
    found, model, texts = record
    data = texts[1:21]
    # Three letters fill a row, and leave no room for an end.
    characters = sum(min(3, int((text > 0).sum()) + 1) for text in data)
    assert model.kind.pieces(data, model.sample_spec).sum() == characters
    (bits,) = (one for one in found.values if one.name == "Log-likelihood bits")
    assert bits.unit == "bits/character"
    exact = -exact_log_likelihoods(model, data).sum() / characters / math.log(2)
    assert bits.value == pytest.approx(float(exact), abs=0.1)


def test_shares_of_new_and_different_samples_are_counted(
    record: tuple[EvaluationRecord, Model, Tensor],
) -> None:
    found, model, texts = record
    made = [tuple(row) for row in model.sample(400, seed=0).int().tolist()]
    data = {tuple(row) for row in texts[1:21].int().tolist()}
    others = {tuple(row) for row in texts[21:].int().tolist()}
    named = values(found)
    assert named["New"] == pytest.approx(np.mean([one not in data for one in made]))
    assert named["Distinct"] == pytest.approx(len(set(made)) / 400)
    copies, hits = (sum(one in texts for one in made) for texts in (data, others))
    expected = (copies + 0.5) / len(data) / ((hits + 0.5) / len(others))
    assert named["Training texts to held-out"] == pytest.approx(expected)


def test_reconstructions_are_exact_or_some_edits_away(
    record: tuple[EvaluationRecord, Model, Tensor],
) -> None:
    found, model, texts = record
    data = texts[1:21]
    same = (model.reconstruct(data) == data).all(1).double().mean()
    assert values(found)["Exact reconstructions"] == pytest.approx(float(same))
    assert values(found)["Edit distance"] >= 0


def test_the_features_are_named_as_what_they_are(
    record: tuple[EvaluationRecord, Model, Tensor],
) -> None:
    found, _, _ = record
    assert found.protocol.features.name == "genzoo/token-ngrams"
    assert "Fréchet distance" in values(found)


@pytest.mark.parametrize(
    ("first", "second", "edits"),
    [
        ("kitten", "sitting", 3),
        ("", "abc", 3),
        ("abc", "", 3),
        ("same", "same", 0),
        ("ab", "ba", 2),
    ],
)
def test_edits_are_counted(first: str, second: str, edits: int) -> None:
    assert edit_distance([*map(ord, first)], [*map(ord, second)]) == edits


@given(st.lists(st.integers(1, 9), max_size=6), st.lists(st.integers(1, 9), max_size=6))
def test_edits_are_a_distance(first: list[int], second: list[int]) -> None:
    there = edit_distance(first, second)
    assert there == edit_distance(second, first)
    assert (there == 0) == (first == second)
    assert abs(len(first) - len(second)) <= there <= max(len(first), len(second))


def features(*texts: list[int]) -> Tensor:
    rows = torch.zeros(len(texts), 6, dtype=torch.int32)
    for row, text in zip(rows, texts, strict=True):
        row[: len(text)] = torch.tensor(text)
    return TokenNgrams(torch.device("cpu")).extract(rows)


def test_ngrams_are_counted_to_the_end_of_a_text() -> None:
    found = features([1, 2, 1], [1, 2, 1, 2, 1, 2])
    assert found.shape == (2, 3 * BINS)
    # Of a text with its mark and its end: five tokens, four pairs, three triples.
    by_length = found.square().unflatten(1, (3, BINS)).sum(2)
    assert by_length.tolist() == [[5, 4, 3], [7, 6, 5]]


def test_the_order_of_letters_changes_pairs_and_not_letters() -> None:
    first, second = features([1, 2, 3], [3, 1, 2]).unflatten(1, (3, BINS))
    assert torch.equal(first[0], second[0])
    assert not torch.equal(first[1], second[1])
