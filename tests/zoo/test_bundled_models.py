"""The models that come with genzoo load, replay and do what their cards say."""

from pathlib import Path

import pytest
import torch
from image_data import IMAGES

import genzoo
from genzoo.artifact.verify import verify
from genzoo.hub.resolve_model_name import find_model
from genzoo.plugins.manager import PluginManager
from genzoo.records import ArchitectureSpec, ModelSpec

REGISTRY = PluginManager.discover().registry


def is_bundled(name):
    """Whether it comes with genzoo, as those on the Hub do not."""
    return Path(REGISTRY[ModelSpec].find(name).record.location).is_absolute()


NAMES = [name for name in REGISTRY[ModelSpec].names() if is_bundled(name)]


def test_there_is_a_gan_and_a_vae():
    families = {
        REGISTRY[ArchitectureSpec]
        .find(REGISTRY[ModelSpec].find(name).record.architecture)
        .record.family
        for name in NAMES
    }
    assert families == {"gan", "vae"}


@pytest.mark.parametrize("name", NAMES)
def test_hashes_hold_and_the_golden_samples_come_out(name):
    assert verify(find_model(name, REGISTRY).folder, REGISTRY).ok


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("peeps")])
def test_samples_are_varied_pictures(name):
    model = genzoo.load(name, registry=REGISTRY)
    x = model.sample(32, seed=3, prior="mixture" if model.can_encode else None)
    assert x.shape == (32, 3, 64, 64)
    assert model.sample_spec.low <= x.min() < x.max() <= model.sample_spec.high
    assert x.std(0).mean() > 0.2, "samples differ from each other"


def test_the_autoencoder_reconstructs_real_portraits():
    from genzoo_zoo.peeps import load

    model = genzoo.load("peeps-vae", registry=REGISTRY)
    spec = model.sample_spec
    x = IMAGES.samples(torch.from_numpy(load().samples[:16]), spec)
    error = (model.reconstruct(x) - x).square().mean().item()
    assert error < 0.1 * x.var().item()


def test_the_voice_speaks_digits_that_differ_by_class():
    """A six begins and ends with a hiss, and a four has next to none."""
    model = genzoo.load("digits-voice", registry=REGISTRY)
    assert model.default_prior == "class-mixture"
    sounds = {name: model.sample(8, seed=1, labels=name)[:, 0] for name in ("6", "4")}
    hiss = {}
    for name, x in sounds.items():
        assert x.shape == (8, 8000)
        assert (x.abs().amax(1) > 0.005).all(), "none is silent"
        power = torch.fft.rfft(x).abs().square().sum(0)
        hiss[name] = float(power[2500:].sum() / power.sum())
    assert hiss["6"] > 2 * hiss["4"]


def test_the_names_are_new_and_come_back():
    from genzoo_zoo.names import load, load_held_out

    model = genzoo.load("names-vae", registry=REGISTRY)
    kind, spec = model.kind, model.sample_spec
    names = kind.texts(model.sample(200, seed=1), spec)
    known = {*load().samples.tolist(), *load_held_out().samples.tolist()}
    assert sum(name not in known for name in names) > 0.85 * len(names)
    assert len({*names}) > 0.95 * len(names)
    held_out = load_held_out().samples[:200]
    rows = [torch.from_numpy(kind.adapt(name).rows) for name in held_out]
    x = kind.samples(torch.cat(rows), spec)
    assert (model.reconstruct(x) == x).all(1).double().mean() >= 0.5
