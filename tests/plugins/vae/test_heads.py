"""The last step of a decoder."""

from __future__ import annotations

import math

import pytest
import torch

from genzoo_vae.heads import LEAST_LOG_SCALE, LearnedLogScale


def test_learned_scale_starts_where_it_is_told_and_keeps_above_its_bound() -> None:
    scale = LearnedLogScale(0.2)
    with torch.no_grad():
        assert float(scale()) == pytest.approx(math.log(0.2), abs=1e-6)
        scale.raw.fill_(-100.0)
        assert float(scale()) == LEAST_LOG_SCALE
