""".npz files that unfold to more than they are, or claim to."""

from __future__ import annotations

import io
import tracemalloc
import zipfile

import numpy as np
import pytest
from image_data import open_images
from numpy.lib import format as npy

from genzoo.cli.latent_files import read_latents
from genzoo.data.npz_archives import AT_LEAST, MOST_TIMES, Archive
from genzoo.errors import DataError

MIB = 2**20


def write(path, members, compression=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def header(shape, dtype="|u1", version=(1, 0)) -> bytes:
    buffer = io.BytesIO()
    write_header = npy.write_array_header_1_0 if version == (1, 0) else npy.write_array_header_2_0
    write_header(buffer, {"descr": dtype, "fortran_order": False, "shape": shape})
    return buffer.getvalue()


def peak(action) -> int:
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def refused(path, message):
    def read():
        with pytest.raises(DataError, match=message):
            open_images(path, cache=path.parent / "cache")
        with pytest.raises(DataError):
            read_latents(path)

    assert peak(read) < 40 * MIB


@pytest.mark.parametrize("name", ["images", "labels", "classes", "latents", "beside"])
def test_a_member_that_unfolds_beyond_its_file_is_refused_before_it_does(tmp_path, name):
    count = AT_LEAST + MIB
    path = write(tmp_path / "a.npz", {f"{name}.npy": header((count,)) + bytes(count)})
    assert path.stat().st_size * MOST_TIMES < count
    refused(path, "unfolds to")


def test_many_members_count_together(tmp_path):
    each = header((16 * MIB,)) + bytes(16 * MIB)
    path = write(tmp_path / "a.npz", {f"{number}.npy": each for number in range(5)})
    refused(path, "unfolds to")


@pytest.mark.parametrize("shape", [(2**40, 8, 8, 3), (3, 8, 8, 3), (2**62, 2**62), (1, 8, 8, 3)])
@pytest.mark.parametrize("version", [(1, 0), (2, 0)])
def test_a_header_that_claims_another_size_is_refused(tmp_path, shape, version):
    members = {"images.npy": header(shape, version=version) + bytes(2 * 8 * 8 * 3)}
    refused(write(tmp_path / "a.npz", members), "says that it has")


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_compressions_that_unfold_without_a_bound_are_refused(tmp_path, compression):
    members = {"images.npy": header((1, 8, 8, 3)) + bytes(192)}
    refused(write(tmp_path / "a.npz", members, compression), "cannot be read as an .npz")


def test_what_compresses_well_is_read(tmp_path):
    images = np.zeros((4000, 64, 64, 1), np.uint8)
    images[:, 20:40, 20:40] = 255
    np.savez_compressed(tmp_path / "a.npz", images=images, labels=np.arange(4000) % 2)
    assert (tmp_path / "a.npz").stat().st_size * 100 < images.nbytes
    with (tmp_path / "a.npz").open("rb") as file:
        archive = Archive(file, "a.npz")
        assert set(archive) == {"images", "labels"}
        assert (archive["images"] == images).all()
        assert (archive["labels"] == np.arange(4000) % 2).all()


@pytest.mark.parametrize("dtype", ["|u1", ">i4", "<U3", "<f2", "|b1", "|S4"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_every_plain_type_comes_back_as_numpy_reads_it(tmp_path, dtype, order):
    given = np.asarray(np.arange(12).reshape(3, 4).astype(dtype), order=order)
    np.savez(tmp_path / "a.npz", a=given, empty=given[:0], scalar=given[0, 0])
    with (tmp_path / "a.npz").open("rb") as file, np.load(tmp_path / "a.npz") as same:
        archive = Archive(file, "a.npz")
        for name in same.files:
            assert archive[name].dtype == same[name].dtype
            assert (archive[name] == same[name]).all()


def test_objects_are_never_unpickled(tmp_path):
    np.savez(tmp_path / "a.npz", images=np.array([{}], object))
    refused(tmp_path / "a.npz", "cannot be read as an .npz")
