"""The variational autoencoder of texts: its mathematics, its cache and its draws."""

from __future__ import annotations

from itertools import product

import pytest
import torch
from torch import Tensor

import genzoo
from genzoo import Model, SampleNoise, SampleSpec, SpecError
from genzoo_text.autoregressive import counted_tokens, drawn_token
from genzoo_text.configs import TextVAEConfig
from genzoo_text.text_vae import TextVAE

SMALL = {"width": 16, "layers": 2, "encoder_layers": 1, "heads": 2, "latent_dim": 3, "memory": 2}
LENGTH, TOKENS = 3, 4


def spec_of(length: int = LENGTH, classes: tuple[str, ...] = ()) -> SampleSpec:
    return SampleSpec(kind="text", shape=(length,), low=0, high=TOKENS - 1, classes=classes)


def model_of(length: int = LENGTH, classes: tuple[str, ...] = ()) -> Model:
    """A small model whose weights are large enough to matter."""
    torch.manual_seed(0)
    config = TextVAEConfig(**SMALL)
    architecture = TextVAE(config, spec_of(length, classes))
    parts = architecture.build()
    for part in parts.values():
        for parameter in part.parameters():
            parameter.data += 0.3 * torch.randn_like(parameter)
    return Model("genzoo/text-vae", architecture, parts)


def all_texts() -> Tensor:
    """Each text of up to three letters once, its row filled with the end."""
    rows = [row for row in product(range(TOKENS), repeat=LENGTH) if well_formed(row)]
    return torch.tensor(rows, dtype=torch.float32)


def well_formed(row: tuple[int, ...]) -> bool:
    ends = [place for place, token in enumerate(row) if token == 0]
    return not ends or not any(row[ends[0] :])


def likelihood(model: Model, z: Tensor):
    return model.parts["decoder"](z)


@torch.no_grad()
def test_the_masses_of_all_texts_are_one() -> None:
    texts = all_texts()
    assert len(texts) == 1 + 3 + 9 + 27
    model = model_of()
    z = torch.randn(1, 3).expand(len(texts), -1)
    assert float(likelihood(model, z).log_prob(texts).exp().sum()) == pytest.approx(1, abs=1e-5)


@torch.no_grad()
def test_draws_have_the_frequencies_that_the_likelihood_says() -> None:
    model, count = model_of(), 20_000
    z = torch.randn(1, 3)
    drawn = likelihood(model, z.expand(count, -1)).sample(genzoo.BatchNoise(count, 1))
    texts = all_texts()
    expected = likelihood(model, z.expand(len(texts), -1)).log_prob(texts).exp()
    found = (drawn[:, None] == texts[None]).all(2).double().mean(0)
    error = (expected * (1 - expected) / count).sqrt()
    assert float(found.sum()) == 1
    assert bool(((found - expected).abs() < 5 * error + 1e-9).all())


@torch.no_grad()
def test_the_cache_changes_nothing() -> None:
    model = model_of(12)
    given = likelihood(model, torch.randn(8, 3))
    noise = [SampleNoise(0, range(8)) for _ in range(2)]
    assert torch.equal(given.sample(noise[0]), given.sample(noise[1], cached=False))


@torch.no_grad()
def test_cached_logits_are_those_of_the_whole_text() -> None:
    model = model_of(6)
    decoder = model.parts["decoder"]
    given = likelihood(model, torch.randn(2, 3))
    tokens = torch.randint(1, TOKENS, (2, 6))
    writer = decoder.writer(given.context, True)
    stepwise = torch.stack([writer.next_logits(tokens[:, :place]) for place in range(6)], 1)
    torch.testing.assert_close(stepwise, decoder.logits(given.context, tokens))


def test_a_text_depends_on_its_number_and_not_on_its_batch() -> None:
    model = model_of(12)
    whole = model.sample(10, seed=3)
    assert torch.equal(whole, model.sample(10, seed=3, batch_size=3))
    assert torch.equal(whole[6:], model.sample(4, seed=3, start=6))
    assert not torch.equal(whole, model.sample(10, seed=4))


@torch.no_grad()
def test_padding_tells_the_encoder_nothing() -> None:
    encoder = model_of(6).parts["encoder"]
    short = torch.tensor([[1.0, 2, 0, 0, 0, 0]])
    long = torch.tensor([[1.0, 2, 3, 1, 2, 3]])
    alone, beside = encoder(short).mode(), encoder(torch.cat([short, long])).mode()
    torch.testing.assert_close(alone[0], beside[0])
    assert not torch.allclose(beside[0], beside[1])


def test_what_follows_the_end_is_not_counted() -> None:
    tokens = torch.tensor([[1, 0, 0], [0, 0, 0], [1, 2, 3]])
    assert counted_tokens(tokens).tolist() == [
        [True, True, False],
        [True, False, False],
        [True, True, True],
    ]


def test_a_small_temperature_gives_the_most_likely_text() -> None:
    model = model_of(8)
    best = model.decode(model.draw_latents(6, seed=1))
    for temperature in (0.0, 1e-4):
        assert torch.equal(model.sample(6, seed=1, temperature=temperature), best)
    assert torch.equal(model.sample(6, seed=1, top_p=1e-6), best)
    assert not torch.equal(model.sample(6, seed=1), best)


def test_top_p_draws_from_the_likeliest_tokens_as_often_as_they_are_likely() -> None:
    count = 30_000
    masses = torch.tensor([0.15, 0.4, 0.05, 0.4], dtype=torch.float64)
    uniform = torch.rand(count, generator=torch.Generator().manual_seed(0))
    drawn = drawn_token(masses.log().expand(count, -1), uniform, 0.9)
    found = torch.bincount(drawn, minlength=4) / count
    expected = torch.tensor([0.15, 0.4, 0, 0.4]) / 0.95
    torch.testing.assert_close(found, expected, atol=0.01, rtol=0)
    # The first two reach one half: the third is not needed.
    assert set(drawn_token(masses.log().expand(count, -1), uniform, 0.5).tolist()) == {1, 3}


def test_words_are_hidden_in_training_only() -> None:
    model = model_of(8)
    decoder = model.parts["decoder"]
    decoder.word_dropout = 1.0
    z, texts = torch.randn(1, 3), torch.tensor([[1.0, 2, 3, 1], [1.0, 3, 2, 1]])
    texts = torch.cat([texts, torch.zeros(2, 4)], 1)
    with torch.no_grad():
        context = decoder(z.expand(2, -1)).context
        logits = decoder.logits(context, texts.long())
        assert not torch.allclose(logits[0], logits[1])
        decoder.train()
        decoder.transformer.eval()
        hidden = decoder.logits(context, texts.long())
    assert torch.allclose(hidden[0], hidden[1])


def test_classes_are_told_to_both_networks() -> None:
    model = model_of(5, ("a", "b"))
    x = torch.tensor([[1.0, 2, 0, 0, 0]])
    assert not torch.allclose(model.encode(x, ["a"]), model.encode(x, ["b"]))
    z = torch.randn(1, 3)
    a, b = (model.parts["decoder"](z, torch.tensor([label])).log_prob(x) for label in (0, 1))
    assert not torch.allclose(a, b)
    with pytest.raises(genzoo.UsageError, match="needs a label"):
        model.parts["decoder"](z)


@pytest.mark.parametrize(
    ("sample", "options", "message"),
    [
        (SampleSpec(shape=(3, 8, 8)), {}, "text-vae models text, not image"),
        (spec_of(), {"heads": 3}, "3 heads do not divide a width of 16"),
    ],
)
def test_what_it_cannot_model_is_refused(
    sample: SampleSpec, options: dict[str, int], message: str
) -> None:
    with pytest.raises(SpecError, match=message):
        TextVAE(TextVAEConfig(**{**SMALL, **options}), sample)
