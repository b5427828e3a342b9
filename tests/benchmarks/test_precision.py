"""What the benchmark of precision compares is what it says."""

import plain_vae
import precision
import pytest
import torch

from genzoo import SampleSpec
from genzoo.fast_convolutions import choose_algorithm
from genzoo.fast_convolutions.algorithms import Winograd
from genzoo.fast_convolutions.swap_layers import use_fast_convolutions


@pytest.mark.parametrize("fast", [True, False])
def test_minimal_filtering_is_taken_for_the_strangers_network(fast, monkeypatch):
    taken = []
    monkeypatch.setattr(
        choose_algorithm, "Winograd", lambda transposed: taken.append(1) or Winograd(transposed)
    )
    config = plain_vae.PlainVAEConfig(**precision.SUBJECTS["plain-vae"])
    parts = plain_vae.PlainVAE(config, SampleSpec(shape=(3, 32, 32))).build()
    for part in parts.values():
        if fast:
            use_fast_convolutions(part)
        part.to(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16):
        posterior = parts["encoder"](torch.zeros(precision.BATCH, 3, 32, 32))
        parts["decoder"](posterior.mean)
    assert len(taken) == (2 if fast else 0)


def test_distances_are_given_in_errors_of_the_runs_and_of_the_pairs():
    share, apart, paired = precision.compare([1.0, 2.0, 3.0], [1.1, 2.3, 3.2])
    assert share == pytest.approx(0.1)
    assert apart == pytest.approx(0.2 / ((1 + 1.11) / 3) ** 0.5, rel=0.01)
    assert paired == pytest.approx(0.2 / (0.01 / 3) ** 0.5)
