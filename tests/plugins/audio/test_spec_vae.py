"""The architecture `spec-vae` keeps its contract, and learns tones."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

import genzoo
from genzoo import SampleSpec, SpecError
from genzoo_audio.configs import SpecVAEConfig
from genzoo_audio.spec_vae import SpecVAE

SHORT = SampleSpec(kind="audio", shape=(1, 800), sample_rate=8000)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"kind": "image", "shape": (3, 8, 8)}, "models sounds, not image"),
        ({"kind": "audio", "shape": (1, 800)}, "models sounds"),
        ({"kind": "audio", "shape": (1, 200), "sample_rate": 8000}, "these have 4"),
        ({"kind": "audio", "shape": (1, 99_999), "sample_rate": 8000}, r"these have 1563"),
    ],
)
def test_what_are_no_short_sounds_is_refused(fields, message):
    with pytest.raises(SpecError, match=message):
        SpecVAE(SpecVAEConfig(), SampleSpec(**fields))


@pytest.mark.parametrize(("channels", "seconds"), [(1, 0.1), (2, 0.154)])
def test_shapes_hold_for_mono_and_stereo_of_any_length(bundled, channels, seconds):
    model = genzoo.build(
        "spec-vae",
        classes=("a", "b"),
        config={"latent_dim": 4, "width": 8},
        registry=bundled,
        rate=8000,
        seconds=seconds,
        channels=channels,
    )
    shape = (channels, round(8000 * seconds))
    x = model.sample(3, labels=["a", "b", "a"])
    assert x.shape == (3, *shape)
    assert model.encode(x, ["a", "b", "a"]).shape == (3, 4)
    assert model.encode(x[:1], ["a"]).shape == (1, 4)


def test_it_learns_what_tells_two_tones_apart(bundled, tmp_path):
    rng, time = np.random.default_rng(0), np.arange(800) / 8000
    (tmp_path / "data").mkdir()
    for number in range(64):
        name, hertz = ("low", 400) if number % 2 else ("high", 2000)
        tone = rng.uniform(0.1, 0.6) * np.sin(2 * np.pi * hertz * time + rng.uniform(0, 6))
        soundfile.write(tmp_path / "data" / f"{name}_{number}.wav", tone, 8000)
    result = genzoo.train(
        "spec-vae",
        str(tmp_path / "data"),
        tmp_path / "run",
        steps=60,
        batch_size=16,
        seconds=0.1,
        label_from="{label}_{number}",
        conditional=True,
        device="cpu",
        precision="fp32",
        ema=0.9,
        config={"latent_dim": 4, "width": 32},
        objective_config={"learning_rate": 5e-3},
        registry=bundled,
    )
    model = genzoo.load(str(result.artifact), registry=bundled)
    made = model.sample(8, labels=["low", "high"] * 4).squeeze(1).numpy()
    loudest = np.abs(np.fft.rfft(made)).argmax(1) * 10
    np.testing.assert_allclose(loudest, [400, 2000] * 4, atol=60)
    assert {path.suffix for path in (tmp_path / "run" / "samples").iterdir()} == {".wav", ".png"}
