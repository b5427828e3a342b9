"""Pictures out and in."""

from __future__ import annotations

import errno
from pathlib import Path

import numpy as np
import pytest
import torch
from image_data import IMAGES, image_kind
from PIL import Image

from genzoo.data.read_files import read_files
from genzoo.errors import DataError, SpecError, StorageError, UsageError
from genzoo.media.image_grids import grid, to_uint8
from genzoo.media.image_kind import save_images
from genzoo.media.save_samples import check_path
from genzoo.specs import SampleSpec

SPEC = SampleSpec(shape=(3, 4, 4))
GREY = SampleSpec(shape=(1, 4, 4), low=0, high=1)


def samples(count: int, spec: SampleSpec = SPEC) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    unit = torch.rand(count, *spec.shape, generator=generator)
    return spec.low + (spec.high - spec.low) * unit


def read_images(paths: list[Path], spec: SampleSpec, **options: str) -> torch.Tensor:
    return read_files(paths, image_kind(**options), spec)


def loaded(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.array(image)


def test_values_are_rounded_and_clamped():
    spec = SampleSpec(shape=(1, 1, 1))
    values = torch.tensor([-1, 1, 0, -7, 7, -1 + 2.6 / 255, torch.nan]).view(-1, 1, 1, 1)
    assert to_uint8(values, spec).ravel().tolist() == [0, 255, 128, 0, 255, 1, 0]


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16, torch.float64])
def test_any_precision_and_memory_format(kind):
    x = samples(3).to(kind).contiguous(memory_format=torch.channels_last).requires_grad_()
    out = to_uint8(x, SPEC)
    assert out.shape == (3, 4, 4, 3)
    assert out.flags.c_contiguous


def test_every_pixel_value_survives_the_round_trip(tmp_path):
    values = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    Image.fromarray(values[0, :, :, 0]).save(tmp_path / "a.png")
    for low, high in [(-1, 1), (0, 1), (-3, 5)]:
        spec = SampleSpec(shape=(1, 16, 16), low=low, high=high)
        assert (to_uint8(read_images([tmp_path / "a.png"], spec), spec) == values).all()


def test_another_shape_is_refused():
    with pytest.raises(SpecError, match=r"\(3, 8, 8\) are not \(3, 4, 4\)"):
        to_uint8(torch.zeros(1, 3, 8, 8), SPEC)


def test_a_grid():
    images = np.arange(5, dtype=np.uint8)[:, None, None, None] * np.ones((4, 4, 3), np.uint8)
    sheet = grid(images)
    assert sheet.shape == (2 * 6 + 2, 3 * 6 + 2, 3)
    assert (sheet[2:6, 2:6] == 0).all()
    assert (sheet[2:6, 8:12] == 1).all()
    assert (sheet[8:12, 8:12] == 4).all()
    assert (sheet[8:12, 14:18] == 255).all()
    assert (sheet[:2] == 255).all()


@pytest.mark.parametrize(
    ("columns", "shape"), [(1, (5 * 5 + 1, 6)), (5, (6, 5 * 5 + 1)), (9, (6, 5 * 5 + 1))]
)
def test_columns(columns, shape):
    assert grid(np.zeros((5, 4, 4, 3), np.uint8), columns, padding=1).shape == (*shape, 3)


def test_a_single_image_stays_as_it_is():
    image = np.zeros((1, 4, 4, 3), np.uint8)
    assert grid(image).shape == (4, 4, 3)


@pytest.mark.parametrize("spec", [SPEC, GREY])
@pytest.mark.parametrize("suffix", [".png", ".webp", ".PNG"])
def test_saving_a_grid(tmp_path, spec, suffix):
    x = samples(4, spec)
    path = save_images(x, spec, tmp_path / "new" / f"a{suffix}", columns=2)
    expected = grid(to_uint8(x, spec), 2)
    out = loaded(path)
    assert (out.reshape(*out.shape[:2], -1)[..., : spec.shape[0]] == expected).all()
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_saving_a_jpeg(tmp_path):
    path = save_images(samples(1), SPEC, tmp_path / "a.jpg")
    assert loaded(path).shape == (4, 4, 3)


def test_saving_to_a_folder(tmp_path):
    x = samples(3)
    save_images(x, SPEC, tmp_path / "out")
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["00000.png", "00001.png", "00002.png"]
    assert (loaded(tmp_path / "out" / "00002.png") == to_uint8(x, SPEC)[2]).all()
    (tmp_path / "v1.5").mkdir()
    save_images(x, SPEC, tmp_path / "v1.5")
    assert len(list((tmp_path / "v1.5").iterdir())) == 3


def test_saving_an_npz(tmp_path):
    x = samples(3)
    save_images(x, SPEC, tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz", allow_pickle=False) as archive:
        assert (archive["images"] == to_uint8(x, SPEC)).all()


@pytest.mark.parametrize("name", ["a.bmpp", "a.gif", "a.pt"])
def test_an_unknown_ending(tmp_path, name):
    with pytest.raises(UsageError, match="cannot be saved as") as caught:
        save_images(samples(1), SPEC, tmp_path / name)
    assert ".png, .jpg, .jpeg, .webp, .npz, or a folder" in caught.value.hint
    with pytest.raises(UsageError):
        check_path(IMAGES, tmp_path / name)


def test_nothing_to_save(tmp_path):
    with pytest.raises(UsageError, match="no image to save"):
        save_images(samples(0), SPEC, tmp_path / "a.png")


def test_a_full_disk_keeps_what_was_there(tmp_path, monkeypatch):
    (tmp_path / "a.png").write_bytes(b"before")

    def full(self, content):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(StorageError, match="the disk is full"):
        save_images(samples(1), SPEC, tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes() == b"before"
    assert len(list(tmp_path.iterdir())) == 1


def test_reading_files_and_folders(tmp_path):
    x = samples(3)
    save_images(x, SPEC, tmp_path / "out")
    together = read_images([tmp_path / "out" / "00001.png", tmp_path / "out"], SPEC)
    assert together.shape == (4, 3, 4, 4)
    assert (together - x[[1, 0, 1, 2]]).abs().max() <= 1 / 255 + 1e-6


def test_reading_takes_the_models_size_and_the_background(tmp_path):
    Image.new("RGBA", (9, 6), (0, 0, 0, 0)).save(tmp_path / "a.png")
    assert (read_images([tmp_path / "a.png"], SPEC) == 1).all()
    assert (read_images([tmp_path / "a.png"], SPEC, background="black") == -1).all()


def test_what_cannot_be_read(tmp_path):
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(DataError, match="There is no file"):
        read_images([tmp_path / "none.png"], SPEC)
    with pytest.raises(DataError, match=r"a\.txt' cannot be read as an image: not an image"):
        read_images([tmp_path / "a.txt"], SPEC)
    with pytest.raises(DataError, match="no image to read"):
        read_images([], SPEC)
    with pytest.raises(SpecError):
        read_images([tmp_path / "a.txt"], SampleSpec(shape=(2, 4, 8)))
