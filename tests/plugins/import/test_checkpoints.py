"""Checkpoints that say what they are of are read, never executed, within bounds."""

from __future__ import annotations

import codecs
import random
import sys
import tracemalloc
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
import torch
from nvidia_pickles import Persistent, dumped, nvidia_pickle
from torch import Tensor

from genzoo import ArtifactError, SampleSpec, recognise_checkpoint
from genzoo_gan.stylegan.configs import StyleGAN2Config
from genzoo_gan.stylegan.stylegan2 import StyleGAN2
from genzoo_import.checkpoints import find_checkpoint
from genzoo_import.foreign_content import foreign_content
from genzoo_import.weight_files import open_pickle, read_source

ACTIONS = ("os.", "subprocess.", "exec", "import", "open", "socket.", "shutil.", "ctypes.")
NOWHERE = Path("network.pkl")

watching: list[list[str]] = []


def _hear(event: str, arguments: tuple[object, ...]) -> None:
    if watching and event.startswith(ACTIONS):
        watching[-1].append(event)


sys.addaudithook(_hear)


@contextmanager
def no_action() -> Iterator[None]:
    """Nothing is executed, imported or opened inside."""
    seen: list[str] = []
    watching.append(seen)
    try:
        yield
    finally:
        watching.pop()
    assert seen == []


def small_pickle(width: int = 2) -> bytes:
    config = StyleGAN2Config(
        latent_dim=2, style_dim=2, channel_base=8 * width, channel_max=width, mapping_layers=1
    )
    architecture = StyleGAN2(config, SampleSpec(shape=(1, 8, 8)))
    return nvidia_pickle(architecture.build(), architecture)


def read(data: bytes) -> int:
    """Bytes of the tensors in a pickle, looked at by every plugin."""
    content = foreign_content(open_pickle(NOWHERE, data), NOWHERE)
    with suppress(ArtifactError):
        recognise_checkpoint(content, NOWHERE)
    tensors: dict[int, Tensor] = {}
    waiting, seen = [content], set()
    while waiting:
        value = waiting.pop()
        if isinstance(value, Tensor):
            tensors[value.data_ptr()] = value
        elif not isinstance(value, str | bytes) and id(value) not in seen:
            seen.add(id(value))
            waiting += value.values() if isinstance(value, dict) else ()
            waiting += value if isinstance(value, list | tuple) else ()
            waiting += vars(value).values() if hasattr(value, "arguments") else ()
    return sum(tensor.nbytes for tensor in tensors.values())


def warm_up(whole: bytes) -> None:
    """Import what is imported on first use: plugins, and the codec of old pickles' text."""
    read(whole)
    read(dumped({"g_ema": {}}))
    codecs.lookup("raw_unicode_escape")


def mutated(whole: bytes, rng: random.Random) -> bytes:
    """A few bytes replaced, a piece cut out, or one piece put in the place of another."""
    changed = bytearray(whole)
    for _ in range(rng.randint(1, 4)):
        place = rng.randrange(len(changed))
        kind = rng.randrange(4)
        if kind < 2:
            changed[place] = rng.randrange(256)
        elif kind == 2:
            del changed[place : place + rng.randint(1, 20)]
        else:
            start = rng.randrange(len(changed))
            changed[place:place] = changed[start : start + rng.randint(1, 40)]
    return bytes(changed)


def check_mutations(count: int, seed: int) -> None:
    whole, rng = small_pickle(), random.Random(seed)
    warm_up(whole)
    understood = 0
    for _ in range(count):
        changed = mutated(whole, rng)
        with no_action(), suppress(ArtifactError):
            assert read(changed) <= 2 * len(changed)
            understood += 1
    assert 0 < understood < count


def test_mutated_pickles_execute_nothing_and_claim_no_more_than_they_have() -> None:
    check_mutations(200, seed=0)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_ten_thousand_mutated_pickles_in_all_execute_nothing(seed: int) -> None:
    check_mutations(2_500, seed)


def test_reading_takes_no_more_than_twice_the_file() -> None:
    whole, rng = small_pickle(width=128), random.Random(2)
    assert len(whole) > 1 << 20
    read(whole)
    for data in [whole, *(mutated(whole, rng) for _ in range(10))]:
        tracemalloc.start()
        with suppress(ArtifactError):
            read(data)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak <= 2 * len(data)


def test_source_text_in_a_file_is_not_executed() -> None:
    whole = small_pickle()
    assert b"the source text was executed" in whole
    read(whole)
    with no_action():
        read(whole)


def test_the_record_with_a_tensor_that_is_not_there_is_named(tmp_path: Path) -> None:
    whole = small_pickle()
    place = whole.index(b"\x80\x02\x8a\x0al\xfc")  # The first storage inside.
    cut = whole[:place] + whole[place : place + 200].replace(b"FloatStorage", b"OtherStorage")
    (tmp_path / "network.pkl").write_bytes(cut + whole[place + 200 :])
    with pytest.raises(ArtifactError, match=r"G\.synthesis\.b4\.const is not a dense tensor"):
        find_checkpoint(tmp_path / "network.pkl")


def test_a_file_that_no_plugin_knows_says_what_to_type(tmp_path: Path) -> None:
    torch.save({"weight": torch.ones(2)}, tmp_path / "net.pt")
    with pytest.raises(ArtifactError, match="no plugin knows it") as caught:
        find_checkpoint(tmp_path / "net.pt")
    assert "--architecture" in caught.value.hint


class Options:
    """Of a class that no reader has."""

    def __init__(self) -> None:
        self.rate, self.path = 0.1, Path("data")


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_options_beside_the_tensors_do_no_harm(tmp_path: Path, zipped: bool) -> None:
    content = {"args": Namespace(size=8), "config": Options(), "net": {"w": torch.ones(2, 3)}}
    torch.save(content, tmp_path / "net.pth", _use_new_zipfile_serialization=zipped)
    with no_action_after_import():
        tensors = read_source(tmp_path / "net.pth").tensors
    assert list(tensors) == ["net.w"]
    torch.testing.assert_close(tensors["net.w"], torch.ones(2, 3))


def test_tensors_in_an_object_are_found(tmp_path: Path) -> None:
    options = Options()
    options.mean = torch.ones(3)  # type: ignore[attr-defined]
    torch.save({"config": options}, tmp_path / "net.pth")
    assert list(read_source(tmp_path / "net.pth").tensors) == ["config.mean"]


def test_a_pickle_that_names_what_runs_code_is_refused(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, ...]:
            return exec, ("raise SystemExit",)

    (tmp_path / "network.pkl").write_bytes(dumped({"G_ema": Trap()}))
    with pytest.raises(ArtifactError, match=r"names builtins\.exec, which could run code"):
        find_checkpoint(tmp_path / "network.pkl")


def test_numbers_of_numpy_are_no_tensors(tmp_path: Path) -> None:
    meta = Persistent({"gain": np.float64(2.0), "size": np.array([3, 4])})
    (tmp_path / "network.pkl").write_bytes(dumped({"net": meta}))
    with pytest.raises(ArtifactError, match="no plugin knows it"):
        find_checkpoint(tmp_path / "network.pkl")


@contextmanager
def no_action_after_import() -> Iterator[None]:
    """As `no_action`, but for the opening of the file itself."""
    seen: list[str] = []
    watching.append(seen)
    try:
        yield
    finally:
        watching.pop()
    assert set(seen) <= {"open"}
