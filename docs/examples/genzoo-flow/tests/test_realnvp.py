"""The image flow as a whole, and as a model of genzoo."""

from __future__ import annotations

import pytest
import torch

import genzoo
import genzoo_flow.architecture
import genzoo_flow.configs
from exact import check_volume, stirred

TINY = {"scales": 1, "couplings": 2, "width": 4, "blocks": 1}


def build(classes=(), size=4, channels=1, **config):
    """A model whose steps all do something."""
    model = genzoo.build(
        "realnvp", size=size, channels=channels, classes=classes, config={**TINY, **config}
    )
    # Not so much that samples are driven to the ends of their range, where floats run out.
    stirred(model, 0.1)
    return model.float()


@pytest.mark.parametrize("scales", [1, 2])
@pytest.mark.parametrize("classes", [(), ("a", "b")])
def test_the_density_is_exact(scales, classes):
    flow = build(classes, scales=scales).parts["flow"].double()
    x = torch.rand(2, 1, 4, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    labels = torch.tensor([0, 1]) if classes else None
    check_volume(flow.inverse, x, labels)


@pytest.mark.parametrize("channels", [1, 3])
def test_encoding_is_the_inverse_of_decoding(channels):
    model = build(size=8, channels=channels, scales=2).double()
    z = 0.7 * model.draw_latents(4).double()
    x = model.decode(z)
    torch.testing.assert_close(model.encode(x), z, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(model.reconstruct(x), x)


def test_latents_of_an_autoencoder_have_no_bounds():
    sample = genzoo.SampleSpec(kind="latent", shape=(2, 4, 4), bounded=False)
    config = genzoo_flow.configs.RealNVPConfig(**TINY)
    flow = genzoo_flow.architecture.RealNVP(config, sample).build()["flow"].double()
    x = 5 * torch.randn(3, 2, 4, 4, generator=torch.Generator().manual_seed(0)).double()
    check_volume(flow.inverse, x, None)
    z, _ = flow.inverse(x)
    torch.testing.assert_close(flow(z), x)


def test_the_log_probability_is_that_of_the_change_of_variables():
    model = build()
    x = model.sample(3, seed=1)
    z, log_det = model.parts["flow"].inverse(x)
    normal = torch.distributions.Normal(0.0, 1.0).log_prob(z).flatten(1).sum(1)
    torch.testing.assert_close(model.log_prob(x, batch_size=2), (normal + log_det).detach())


def test_samples_are_in_range_and_none_depends_on_its_batch():
    model = build(size=8)
    whole = model.sample(9, seed=3)
    assert whole.min() >= 0
    assert whole.max() <= 1
    for batch_size in (1, 4):
        torch.testing.assert_close(
            model.sample(9, seed=3, batch_size=batch_size), whole, rtol=0, atol=1e-5
        )
    before = {key: tensor.clone() for key, tensor in model.state_dict().items()}
    model.train().sample(4)
    assert all(torch.equal(tensor, before[key]) for key, tensor in model.state_dict().items())


def test_labels_are_honoured():
    model = build(("a", "b"))
    z = model.draw_latents(2)
    x = model.decode(z, [0, 0])
    assert not torch.allclose(model.decode(z, [1, 1]), x, atol=1e-3)
    assert not torch.allclose(model.log_prob(x, [0, 0]), model.log_prob(x, [1, 1]), atol=1e-3)
    with pytest.raises(genzoo.UsageError, match="needs a label"):
        model.parts["flow"](z)


def test_8_bit_images_can_be_encoded():
    model = build()
    x = torch.tensor([0.0, 1.0]).view(2, 1, 1, 1).expand(2, 1, 4, 4)
    assert torch.isfinite(model.encode(x)).all()
    assert torch.isfinite(model.log_prob(x)).all()
    torch.testing.assert_close((model.reconstruct(x) * 255).round() / 255, x)


def test_images_that_cannot_be_halved_often_enough():
    with pytest.raises(genzoo.SpecError, match="cannot halve images of 6 by 6 pixels 2 times"):
        genzoo.build("realnvp", size=6, config={"scales": 2})
