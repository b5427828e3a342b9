"""Only tensors come out of a file; whatever else is in it is refused before it can do anything."""

import hashlib
import io
import os
import pickle
import warnings
import zipfile

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from genzoo import ArtifactError
from genzoo_import import weight_files as flattening
from genzoo_import.weight_files import read_source


class Trap:
    """Leaves a folder behind when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (os.mkdir, (str(self.path),))


def refused(path, match):
    with pytest.raises(ArtifactError, match=match) as caught:
        read_source(path)
    assert "\n" not in caught.value.message
    return caught.value


def test_a_state_dict_keeps_its_order(save):
    path = save({"b.weight": torch.ones(2), "a.weight": torch.zeros(3)})
    source = read_source(path)
    assert list(source.tensors) == ["b.weight", "a.weight"]
    assert source.ordered
    assert source.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_safetensors_are_in_the_order_of_their_names(tmp_path):
    names = ["l.10.weight", "l.9.weight", "l.1.weight"]
    save_file({name: torch.ones(2) for name in names}, tmp_path / "a.safetensors")
    source = read_source(tmp_path / "a.safetensors")
    assert list(source.tensors) == names[::-1]
    assert not source.ordered


def test_containers_are_flattened_and_plain_values_passed_over(save):
    content = {"epoch": 3, "nets": [{"w": torch.ones(1)}, {"w": torch.zeros(1)}], "name": "a"}
    assert list(read_source(save(content)).tensors) == ["nets.0.w", "nets.1.w"]


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize("nested", [True, False])
def test_code_in_a_pickle_does_not_run(save, tmp_path, zipped, nested):
    trap = Trap(tmp_path / "ran")
    content = {"w": torch.ones(2), "trap": [trap]} if nested else trap
    path = save(content, _use_new_zipfile_serialization=zipped)
    error = refused(path, r"is refused: it names (posix|nt)\.mkdir, which could run code")
    assert "state_dict" in error.hint
    assert not (tmp_path / "ran").exists()


def test_a_plain_pickle_is_refused_too(tmp_path):
    path = tmp_path / "a.pth"
    path.write_bytes(pickle.dumps(Trap(tmp_path / "ran")))
    refused(path, "is refused|is damaged")
    assert not (tmp_path / "ran").exists()


def test_the_environment_cannot_have_code_run(save, tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    refused(save(Trap(tmp_path / "ran")), "which could run code")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_a_whole_module_is_refused(save, zipped):
    path = save(nn.Linear(2, 2), _use_new_zipfile_serialization=zipped)
    refused(path, r"it names torch\.nn\.modules\.linear\.Linear, which could run code")


def test_a_numpy_array_is_refused_and_named(save):
    refused(save({"w": np.ones(3)}), "it names numpy")


def test_torchscript_is_refused(tmp_path):
    path = tmp_path / "a.pt"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.script(nn.Linear(2, 2)), path)
    refused(path, "TorchScript, which holds code")


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize("kept", [0, 1, 10, 200, -10])
def test_a_truncated_file(save, zipped, kept):
    path = save({"w": torch.ones(300)}, _use_new_zipfile_serialization=zipped)
    path.write_bytes(path.read_bytes()[:kept])
    refused(path, "is damaged|is refused")


def test_a_truncated_safetensors_file(tmp_path):
    path = tmp_path / "a.safetensors"
    save_file({"w": torch.ones(30)}, path)
    path.write_bytes(path.read_bytes()[:-4])
    refused(path, "is damaged")


def test_legacy_files_are_read(save):
    path = save({"w": torch.arange(4.0)}, _use_new_zipfile_serialization=False)
    assert not zipfile.is_zipfile(path)
    assert torch.equal(read_source(path).tensors["w"], torch.arange(4.0))


def test_a_compressed_archive_is_refused(save):
    path = save({"w": torch.zeros(100_000)})
    unfolded = io.BytesIO(path.read_bytes())
    with (
        zipfile.ZipFile(unfolded) as old,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, old.read(name))
    refused(path, "unfolds to more than the file's size")


def test_a_view_that_claims_more_than_is_stored(save):
    refused(save({"w": torch.ones(1).expand(1 << 40)}), "w claims more than is stored")


def test_sparse_tensors_are_refused(save):
    refused(save({"w": torch.eye(3).to_sparse()}), "w is not a dense tensor")


def test_a_circle_is_refused(save):
    content = {"w": torch.ones(1)}
    content["self"] = content
    refused(save(content), "nested more than")


def test_too_many_values_are_refused(save, monkeypatch):
    monkeypatch.setattr(flattening, "MAX_VALUES", 10)
    refused(save({str(number): 0 for number in range(11)}), "holds over 10 values")


def test_two_tensors_of_one_name(save):
    content = {"a": {"b": torch.ones(1)}, "a.b": torch.zeros(1)}
    refused(save(content), r"two tensors are named a\.b")


@pytest.mark.parametrize("name", ["a.npz", "a", "a.onnx"])
def test_other_endings(tmp_path, name):
    (tmp_path / name).write_bytes(b"x")
    refused(tmp_path / name, "is not a file of weights")


def test_a_checkpoint_called_tar(save):
    assert list(read_source(save({"w": torch.ones(2)}, "checkpoint.pth.tar")).tensors) == ["w"]


def test_a_missing_file(tmp_path):
    refused(tmp_path / "a.pth", "cannot be read: No such file")


def test_no_tensors(save):
    refused(save({"epoch": 3}), "holds no tensors")


def test_the_file_is_read_once(save, monkeypatch):
    path = save({"w": torch.ones(50_000)})
    opened = []
    original = io.open
    monkeypatch.setattr(
        io, "open", lambda *args, **keys: opened.append(args) or original(*args, **keys)
    )
    read_source(path)
    assert [args[0] for args in opened] == [path]
