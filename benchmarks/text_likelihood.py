"""Bits per character of a text-vae beside those of a language model of the same size.

    python benchmarks/text_likelihood.py names-vae [--prior mixture] [--draws 1000] [--steps 3000]

The language model is the model's own decoder without a latent, trained on the same data from
nothing: its loss on held-out texts is the exact likelihood, at the step where that is least. The
model's is a bound by importance sampling (Burda et al. 2016), which more draws raise. Both count
the end of a text as a character.
"""

from __future__ import annotations

import argparse
import copy
import math

import torch
from torch import Tensor

from genzoo import Decoder, Encoder, Model, SampleNoise, estimate_log_likelihood, load
from genzoo_text.text_vae import TextDecoder
from genzoo_zoo.names import load as training_names
from genzoo_zoo.names import load_held_out

BATCH, RATE, DECAY = 64, 2e-3, 0.995
LOOK = 250


def tokens_of(model: Model, names: object) -> Tensor:
    """Names as the model sees them, (N, length)."""
    from genzoo_text.text_kind import TextKind

    kind = model.kind
    assert isinstance(kind, TextKind)
    rows = [torch.from_numpy(kind.adapt(name).rows) for name in names]  # type: ignore[attr-defined]
    return kind.samples(torch.cat(rows), model.sample_spec)


def language_model(model: Model, steps: int, data: Tensor, held_out: Tensor) -> float:
    """The least nats of a held-out text, while training for `steps`."""
    decoder = model.parts["decoder"]
    assert isinstance(decoder, TextDecoder)
    torch.manual_seed(0)
    network = model.architecture.build()["decoder"]
    average = copy.deepcopy(network).eval()
    optimizer = torch.optim.Adam(network.parameters(), RATE)
    nothing = torch.zeros(BATCH, *model.latent_spec.shape)
    least = math.inf
    for step in range(steps):
        share = step / steps
        optimizer.param_groups[0]["lr"] = RATE * 0.5 * (1 + math.cos(math.pi * share))
        rows = torch.randint(len(data), (BATCH,))
        loss = -network(nothing).log_prob(data[rows]).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        with torch.no_grad():
            for slow, fast in zip(average.parameters(), network.parameters(), strict=True):
                slow.lerp_(fast, 1 - DECAY)
            if (step + 1) % LOOK == 0:
                zeros = torch.zeros(len(held_out), *model.latent_spec.shape)
                least = min(least, -float(average(zeros).log_prob(held_out).mean()))
    return least


@torch.no_grad()
def bound(model: Model, held_out: Tensor, prior: str | None, draws: int) -> float:
    """Nats of a held-out text by importance sampling."""
    encoder, decoder = model.parts["encoder"], model.parts["decoder"]
    assert isinstance(encoder, Encoder)
    assert isinstance(decoder, Decoder)
    found = estimate_log_likelihood(
        encoder, decoder, model.prior(prior), held_out, SampleNoise(0, range(len(held_out))), draws
    )
    return -float(found.mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--prior")
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=3000)
    options = parser.parse_args()
    model = load(options.model).eval()
    data, held_out = (tokens_of(model, read().samples) for read in (training_names, load_held_out))
    characters = float(model.kind.pieces(held_out, model.sample_spec).mean()) * math.log(2)
    own = bound(model, held_out, options.prior, options.draws) / characters
    print(f"{options.model}: at most {own:.3f} bits/character on {len(held_out)} held-out texts")
    other = language_model(model, options.steps, data, held_out) / characters
    print(f"language model of the same size: {other:.3f}; ratio {own / other:.3f}")


if __name__ == "__main__":
    main()
