"""Whatever is done to the bytes of a checkpoint, nothing runs, and an error is a sentence."""

from __future__ import annotations

import resource
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nvidia_pickles import nvidia_pickle, port_names

from genzoo import ArtifactError, GenzooError, SampleSpec
from genzoo.errors import PluginError
from genzoo_gan.stylegan.configs import StyleGAN2Config, StyleGAN3Config
from genzoo_gan.stylegan.stylegan2 import StyleArchitecture, StyleGAN2
from genzoo_gan.stylegan.stylegan3 import StyleGAN3T
from genzoo_import.checkpoints import find_checkpoint

FORBIDDEN = {
    "pickle.find_class", "exec", "compile", "marshal.loads", "os.system", "os.exec",
    "os.posix_spawn", "subprocess.Popen", "socket.connect",
}  # fmt: skip
WATCHED: list[list[str]] = []
"""Where events go while reading is watched: an audit hook is never taken away again."""

ROOM = 128 << 20
"""Bytes that a process may grow by over all examples, whose files have some ten thousand."""


class ExecutedError(Exception):
    """Something was executed."""


def _hook(event: str, arguments: object) -> None:
    if WATCHED and event in FORBIDDEN:
        WATCHED[-1].append(f"{event} {str(arguments)[:100]}")


@contextmanager
def watched() -> Iterator[None]:
    """Fails where anything was executed or unpickled meanwhile."""
    events: list[str] = []
    WATCHED.append(events)
    try:
        yield
    finally:
        WATCHED.pop()
    if events:
        raise ExecutedError(events)


def pickled(path: Path, made: StyleArchitecture) -> Path:
    (path / "network.pkl").write_bytes(nvidia_pickle(dict(made.build()), made))
    return path / "network.pkl"


def stylegan2(path: Path) -> Path:
    config = StyleGAN2Config(latent_dim=2, style_dim=2, channel_base=16, channel_max=2)
    return pickled(path, StyleGAN2(config, SampleSpec(shape=(1, 8, 8), classes=("0", "1"))))


def stylegan3(path: Path) -> Path:
    config = StyleGAN3Config(latent_dim=2, style_dim=2, channel_base=16, channel_max=2, layers=3)
    return pickled(path, StyleGAN3T(config, SampleSpec(shape=(1, 16, 16))))


def port(path: Path) -> Path:
    config = StyleGAN2Config(latent_dim=2, style_dim=2, channel_base=16, channel_max=2)
    state = StyleGAN2(config, SampleSpec(shape=(1, 8, 8))).build()["generator"].state_dict()
    content = {"g_ema": port_names(state, 2), "args": Namespace(size=8)}
    torch.save({**content, "latent_avg": torch.ones(2)}, path / "port.pt")
    return path / "port.pt"


def read(path: Path) -> bool:
    """Whether a file was accepted. An error of another kind goes through."""
    try:
        found = find_checkpoint(path)
    except ArtifactError:
        return False
    tensors = [*found.foreign.weights.values()]
    tensors += [each for state in found.foreign.train.values() for each in state.values()]
    size = path.stat().st_size
    stored = {
        each.untyped_storage().data_ptr(): each.untyped_storage().nbytes() for each in tensors
    }
    assert sum(stored.values()) <= 2 * size
    try:
        weights = {f"parts.{name}": each for name, each in found.foreign.weights.items()}
        found.blueprint.fill(weights, path)
    except PluginError:
        raise
    except GenzooError:
        return False
    return True


def mutations(whole: bytes) -> st.SearchStrategy[bytes]:
    """Bytes replaced, cut out, or put in a second time."""
    places = st.integers(0, len(whole) - 1)

    def replaced(edits: list[tuple[int, int]]) -> bytes:
        changed = bytearray(whole)
        for place, value in edits:
            changed[place] = value
        return bytes(changed)

    def moved(piece: tuple[int, int, int]) -> bytes:
        start, length, place = piece
        return whole[:place] + whole[start : start + length] + whole[place + length % 3 :]

    edits = st.lists(st.tuples(places, st.integers(0, 255)), min_size=1, max_size=6)
    return st.one_of(
        edits.map(replaced),
        st.tuples(places, st.integers(0, 64), places).map(moved),
        places.map(lambda place: whole[:place]),
    )


def check(make: Callable[[Path], Path], folder: Path, examples: int) -> None:
    path = make(folder)
    whole = path.read_bytes()
    assert read(path)
    sys.addaudithook(_hook)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(mutations(whole))
    def survives(content: bytes) -> None:
        path.write_bytes(content)
        try:
            with watched():
                read(path)
        except ExecutedError:
            # Python imports modules of its own when first needed; a file would do it again.
            with watched():
                read(path)

    survives()
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 <= ROOM


@pytest.mark.parametrize("make", [stylegan2, stylegan3, port])
def test_a_changed_checkpoint_is_read_or_refused(
    make: Callable[[Path], Path], tmp_path: Path
) -> None:
    check(make, tmp_path, 60)


@pytest.mark.slow
def test_hundreds_of_changed_pickles_are_read_or_refused(tmp_path: Path) -> None:
    check(stylegan2, tmp_path, 600)


def test_the_watch_sees_what_is_executed() -> None:
    sys.addaudithook(_hook)
    with pytest.raises(ExecutedError, match="compile"), watched():
        compile("1", "x", "eval")
