"""Nothing unpickles: not by what the sources say, and not when a model goes its whole way."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = [
    path
    for folder in ("core", "plugins", "zoo", "docs/examples", "benchmarks")
    for path in sorted((ROOT / folder).rglob("*.py"))
]
MODULES = {"pickle", "_pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
BENCHMARK = "benchmarks/loading.py"
PLACES = {BENCHMARK, "core/genzoo/evaluation/published_weights.py"}
"""Where torch's loader may be called: to compare, and on bytes known by their hash."""


@cache
def nodes(path: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def loads(path: Path) -> Iterator[tuple[str, dict[str, object]]]:
    """Calls of anything named `load`, as they are written, with their constant arguments."""
    for node in nodes(path):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            given = {
                word.arg: word.value.value
                for word in node.keywords
                if word.arg and isinstance(word.value, ast.Constant)
            }
            yield ast.unparse(node.func), given


def test_the_sources_are_looked_at() -> None:
    assert {BENCHMARK} <= {path.relative_to(ROOT).as_posix() for path in SOURCES}
    assert len(SOURCES) > 200


@pytest.mark.parametrize("folder", ["core", "plugins", "zoo", "docs/examples", "benchmarks"])
def test_no_source_imports_what_unpickles(folder: str) -> None:
    for path in (ROOT / folder).rglob("*.py"):
        for node in nodes(path):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [str(node.module)]
            assert not {name.split(".")[0] for name in names} & MODULES, path


def test_torch_load_is_called_in_known_places_and_for_weights_only() -> None:
    found = {
        path.relative_to(ROOT).as_posix(): given
        for path in SOURCES
        for called, given in loads(path)
        if called in ("torch.load", "torch.jit.load", "torch.hub.load", "torch.package")
    }
    assert {BENCHMARK} <= found.keys() <= PLACES
    assert all(given["weights_only"] is True for given in found.values())


def test_nothing_loosens_the_weights_only_loader() -> None:
    loosened = ("add_safe_globals", "safe_globals", "weights_only=False", "allow_pickle=True")
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        assert not [word for word in loosened if word in text], path


def test_arrays_are_never_unpickled() -> None:
    for path in SOURCES:
        for called, given in loads(path):
            if called in ("np.load", "numpy.load"):
                assert given.get("allow_pickle", False) is False, path


WHOLE_WAY = """
import pickle, sys
from pathlib import Path

def refuse(*args, **kwargs):
    raise AssertionError("something was unpickled")

class Refusing:
    def __init__(self, *args, **kwargs):
        refuse()

import torch
import torch.serialization
pickle.Unpickler = pickle._Unpickler = Refusing
pickle.load = pickle.loads = pickle._load = pickle._loads = refuse
assert torch.serialization.pickle is pickle
torch.jit.load = torch.hub.load = refuse

import numpy as np
import genzoo
from genzoo.cli.main import main

def run(*arguments):
    main([str(argument) for argument in arguments], standalone_mode=False)

folder = Path(sys.argv[1])
images = np.random.default_rng(0).integers(0, 256, (24, 16, 16, 3), dtype=np.uint8)
np.savez(folder / "data.npz", images=images)
for architecture, config in (("dcgan", {"width": 4, "latent_dim": 6}), ("conv-vae", {"width": 4})):
    out = folder / architecture
    amount = {"size": 16, "steps": 2, "batch_size": 4}
    genzoo.train(architecture, folder / "data.npz", out, config=config, **amount)
    run("train", "--resume", out, "--steps", 3)
    run("verify", out)
    run("sample", out, "-n", 2, "-o", folder / f"{architecture}.npz")
generator = genzoo.load(folder / "dcgan").parts["generator"]
torch.save(generator.state_dict(), folder / "netG.pth")
run("import", folder / "netG.pth", "--architecture", "dcgan", "-o", folder / "imported")
torch.testing.assert_close(
    genzoo.load(folder / "imported").sample(2), genzoo.load(folder / "dcgan").sample(2)
)
print("done")
"""


@pytest.mark.slow
def test_models_train_resume_load_and_import_with_pickle_disabled(tmp_path: Path) -> None:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "GENZOO_CACHE": str(tmp_path / "cache")}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", WHOLE_WAY, str(tmp_path)],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("done\n")
