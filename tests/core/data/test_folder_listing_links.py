"""Links, pipes and devices in folders: passed over or followed, never waited for."""

from __future__ import annotations

import os
import socket
import subprocess

import pytest
from image_data import IMAGES, open_images
from shard_writer import picture, write_shards

from genzoo.data.folder_listing import scan_folder
from genzoo.data.kind_of_data import _names
from genzoo.data.read_files import read_files
from genzoo.errors import DataError
from genzoo.specs import SampleSpec
from genzoo_sources.shard_files import holds_files, shards_in


def paths(root):
    return [file.path for file in scan_folder(root, IMAGES).files]


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "1.png").write_bytes(picture(1))
    return folder


@pytest.mark.parametrize("name", ["loop", "loop.png", "loop.tar", "classes.txt"])
def test_a_link_to_itself_is_passed_over(root, name):
    (root / name).symlink_to(root / name)
    assert paths(root) == ["1.png"]
    assert len(open_images(root, cache=root.parent / "cache")) == 1


def test_links_that_lead_to_each_other_are_passed_over(root):
    (root / "a").symlink_to(root / "b")
    (root / "b").symlink_to(root / "a")
    assert paths(root) == ["1.png"]


def test_a_link_loop_beside_shards_leaves_them_shards(tmp_path):
    shards = write_shards(tmp_path / "shards")
    for name in ("loop", "loop.tar", "loop.png"):
        (shards / name).symlink_to(shards / name)
    assert len(shards_in(shards, IMAGES)) == 3
    assert len(open_images(shards, cache=tmp_path / "cache")) == 12


def test_pipes_and_sockets_are_never_opened(root, monkeypatch):
    os.mkfifo(root / "pipe.png")
    os.mkfifo(root / "pipe.tar")
    monkeypatch.chdir(root)  # a socket's path may not be long
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket.png")
        assert paths(root) == ["1.png"]
        assert shards_in(root, IMAGES) == []


def test_a_linked_device_is_never_opened(root):
    (root / "zero.png").symlink_to("/dev/zero")
    assert paths(root) == ["1.png"]


def test_linked_class_folders_are_seen_wherever_folders_are_looked_at(tmp_path, root):
    linked = tmp_path / "linked"
    linked.mkdir()
    (linked / "cats").symlink_to(root)
    assert paths(linked) == ["cats/1.png"]
    assert holds_files(linked, IMAGES)
    assert _names(linked) == ["1.png"]


def test_a_folder_of_many_levels_is_read_to_its_end(tmp_path):
    folder = tmp_path
    for _ in range(700):
        folder = folder / "d"
        folder.mkdir()
    (folder / "1.png").write_bytes(picture(1))
    found = paths(tmp_path)
    # pytest removes what is left by recursion.
    subprocess.run(["rm", "-r", str(tmp_path / "d")], check=True)
    assert found == [f"{'d/' * 700}1.png"]


def test_a_file_that_goes_while_it_is_looked_at_is_passed_over(root, monkeypatch):
    (root / "2.png").write_bytes(picture(2))
    real = os.access

    def access(path, mode):
        answer = real(path, mode)
        if str(path).endswith("2.png"):
            (root / "2.png").unlink()
        return answer

    monkeypatch.setattr(os, "access", access)
    assert paths(root) == ["1.png"]


@pytest.mark.parametrize("name", ["a.png", "a.npz", "a.tar", "a.parquet", "a"])
@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_data_that_are_a_pipe_or_a_device_are_refused_without_opening_them(tmp_path, name, kind):
    if kind == "pipe":
        os.mkfifo(tmp_path / name)
    else:
        (tmp_path / name).symlink_to("/dev/zero")
    assert _names(tmp_path / name) == []
    with pytest.raises(DataError, match="neither a file nor a folder"):
        open_images(tmp_path / name, cache=tmp_path / "cache")
    with pytest.raises(DataError, match="neither a file nor a folder"):
        read_files([tmp_path / name], IMAGES, SampleSpec(shape=(3, 8, 8)))


def test_a_pipe_in_place_of_the_list_of_classes_is_not_waited_for(tmp_path):
    shards = write_shards(tmp_path / "shards")
    os.mkfifo(shards / "classes.txt")
    assert open_images(shards, cache=tmp_path / "cache").classes == ("0", "1")
