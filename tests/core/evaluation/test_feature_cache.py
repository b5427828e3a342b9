"""Features in files: computed once, whole or not at all, in memory that does not grow."""

import numpy as np
import pytest
import torch

from genzoo.errors import PluginError
from genzoo.evaluation.feature_cache import FeatureCache, extracted, temporary_features
from genzoo.evaluation.settings import used_samples
from genzoo.interfaces.data_source import Blocks
from genzoo.interfaces.feature_extractor import FeatureExtractor


class Means(FeatureExtractor):
    hash = "means-1"

    def __init__(self):
        super().__init__(torch.device("cpu"))
        self.calls = 0

    def extract(self, images):
        self.calls += 1
        return images.float().mean((1, 2))


IMAGES = np.random.default_rng(0).integers(0, 256, (10, 4, 4, 3), np.uint8)
EXPECTED = IMAGES.mean((1, 2))


def batches(extractor=None, size=4):
    known = extractor or Means()
    return (extracted(known, IMAGES[first : first + size]) for first in range(0, 10, size))


def silent(done):
    pass


def test_features_are_computed_once_for_data_and_extractor(tmp_path):
    extractor, heard = Means(), []
    cache = FeatureCache(tmp_path, extractor, "tests/means")
    first = cache.features("data", 10, lambda: batches(extractor), heard.append)
    again = cache.features("data", 10, lambda: batches(extractor), heard.append)
    assert isinstance(again, np.memmap)
    np.testing.assert_allclose(first, EXPECTED, rtol=1e-6)
    np.testing.assert_array_equal(first, again)
    assert (extractor.calls, heard) == (3, [4, 8, 10])
    cache.features("other data", 10, lambda: batches(extractor), silent)
    assert extractor.calls == 6
    extractor.hash = "means-2"
    FeatureCache(tmp_path, extractor, "tests/means").features(
        "data", 10, lambda: batches(extractor), silent
    )
    assert extractor.calls == 9


def test_an_interrupted_computation_leaves_nothing(tmp_path):
    extractor = Means()

    def broken():
        yield extracted(extractor, IMAGES[:4])
        raise KeyboardInterrupt

    cache = FeatureCache(tmp_path, extractor, "tests/means")
    with pytest.raises(KeyboardInterrupt):
        cache.features("data", 10, broken, silent)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    np.testing.assert_allclose(cache.features("data", 10, batches, silent), EXPECTED, rtol=1e-6)


def test_a_damaged_file_is_computed_anew(tmp_path):
    cache = FeatureCache(tmp_path, Means(), "tests/means")
    cache.features("data", 10, batches, silent)
    (path,) = tmp_path.rglob("features.npy")
    for content in (b"", b"nonsense", path.read_bytes()[:-8]):
        path.unlink()
        path.write_bytes(content)
        np.testing.assert_allclose(cache.features("data", 10, batches, silent), EXPECTED, rtol=1e-6)


def test_what_follows_from_features_is_kept_too(tmp_path):
    cache = FeatureCache(tmp_path, Means(), "tests/means")
    made = []

    def covariance():
        made.append("covariance")
        return np.cov(EXPECTED.T)

    first = cache.derived("data", 10, "covariance", covariance)
    again = cache.derived("data", 10, "covariance", covariance)
    np.testing.assert_array_equal(first, again)
    assert made == ["covariance"]
    cache.derived("data", 9, "covariance", covariance)
    cache.derived("other", 10, "covariance", covariance)
    assert len(made) == 3
    for path in tmp_path.rglob("covariance.npy"):
        path.write_bytes(b"nonsense")
    np.testing.assert_array_equal(cache.derived("data", 10, "covariance", covariance), first)
    assert len(made) == 4


def test_temporary_features_are_mapped_and_nameless():
    features = temporary_features(batches(), 10, silent)
    assert isinstance(features, np.memmap)
    np.testing.assert_allclose(features, EXPECTED, rtol=1e-6)


@pytest.mark.parametrize(
    "result", [torch.zeros(3, 2), torch.zeros(4), torch.full((4, 2), torch.nan)]
)
def test_an_extractor_that_breaks_its_contract_is_named(result):
    extractor = Means()
    extractor.extract = lambda images: result
    with pytest.raises(PluginError, match="feature extractor gave"):
        extracted(extractor, IMAGES[:4])


class Opened:
    """As much of a data set as its order depends on."""

    def __init__(self, count, blocks=None):
        self.count, self.blocks = count, blocks

    def __len__(self):
        return self.count


def test_data_in_blocks_are_judged_block_by_block():
    order = used_samples(Opened(40, Blocks((10,) * 4, window=1)), 20)
    first, second = (
        set((order.indices[part] // 10).tolist()) for part in np.split(np.arange(20), 2)
    )
    assert len(first) == len(second) == 1
    assert (*first, *second) == order.blocks_from(0)


def test_the_order_of_data_is_fixed_and_its_beginning_fair():
    data = Opened(1000)
    order = used_samples(data).indices
    assert sorted(order.tolist()) == list(range(1000))
    np.testing.assert_array_equal(order, used_samples(data).indices)
    np.testing.assert_array_equal(used_samples(data, 10).indices, order[:10])
    # Recorded: a change would make records of today incomparable.
    assert order[:5].tolist() == [459, 206, 222, 162, 711]
