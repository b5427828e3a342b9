"""The structure of the sources: the order of its rooms, their imports and their size.

`python tests/structure.py`, or `make measure`, prints the measures that the design sets.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[1]
CORE = ROOT / "core"
PACKAGES = ("genzoo", "genzoo_testing")

ROOMS = (
    *("__main__", "cli", "testing", "genzoo_testing"),
    "app",
    *("training", "evaluation", "doctor"),
    *("data", "hub", "artifact"),
    *("fast_convolutions", "media", "model"),
    "quantisers",
    *("plugins", "registry", "events"),
    *("interfaces", "distributed", "specs", "records"),
    *("plugin_safety", "system", "progress"),
    *("install_hints", "errors", "version"),
)
"""The rooms of core from the top down: each imports itself and those after it alone."""

LEVEL = {room: level for level, room in enumerate(ROOMS)}

STEP = ("training/training_loop.py", "training/phase_runner.py", "training/components.py")
"""What one has to read to know what a training step does."""

USE = """
import json, sys
calls = {"find": 0, "kind": 0, "config.json": 0}
def profile(frame, event, argument):
    if event == "call" and frame.f_code.co_name == "find_model":
        calls["find"] += 1
    if event == "call" and frame.f_code.co_name == "choose_kind":
        calls["kind"] += 1
def audit(event, arguments):
    if event == "open" and str(arguments[0]).endswith("config.json"):
        calls["config.json"] += 1
sys.addaudithook(audit)
sys.setprofile(profile)
import runpy
sys.argv = ["genzoo", *sys.argv[1:]]
try:
    runpy.run_module("genzoo", run_name="__main__")
except SystemExit as end:
    code = end.code or 0
sys.setprofile(None)
print(json.dumps({"code": code, **calls, "modules": sorted(sys.modules)}), file=sys.stderr)
"""


def sources(folder: Path) -> Iterator[Path]:
    """Every module in a folder."""
    return folder.rglob("*.py")


def imported(path: Path) -> set[str]:
    """Absolute names of the modules and members that a file imports, wherever it does."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def room_of(module: str) -> str:
    """`training` for `genzoo.training.ema.X`, and `genzoo_testing` for all of that package."""
    first, second = module.split(".")[:2]
    return second if first == "genzoo" else first


@cache
def modules() -> Mapping[str, Path]:
    """The files of core by the names of their modules."""
    found = {}
    for path in sources(CORE):
        parts = path.relative_to(CORE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def room_imports() -> Iterator[tuple[Path, str, str]]:
    """File, its room and a room that it imports, for all of core."""
    for name, path in modules().items():
        # The top-level package names everything and imports nothing until it is asked to.
        if name == "genzoo":
            continue
        for other in imported(path):
            if other.startswith(tuple(f"{package}." for package in PACKAGES)):
                yield path, room_of(f"{name}."), room_of(other)


def upward_imports() -> set[str]:
    """A sentence for each import of a room that comes before, or that has no place."""
    return {
        f"{path.relative_to(ROOT)} imports {other}"
        for path, room, other in room_imports()
        if other not in LEVEL or LEVEL[other] < LEVEL[room]
    }


def circle(graph: Mapping[str, Iterable[str]]) -> list[str]:
    """Names that lead back to the first of them; empty where none do."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def room_graph() -> dict[str, set[str]]:
    """Each room of core with those that it imports."""
    graph: dict[str, set[str]] = {}
    for _, room, other in room_imports():
        if room != other:
            graph.setdefault(room, set()).add(other)
    return graph


def file_graph() -> dict[str, set[str]]:
    """Each module of core with those that it imports, also for types alone."""
    known = modules()
    graph: dict[str, set[str]] = {}
    for name, path in known.items():
        if name == "genzoo":
            continue
        for other in imported(path):
            target = other if other in known else other.rpartition(".")[0]
            if target in known and target not in (name, "genzoo"):
                graph.setdefault(name, set()).add(target)
    return graph


def use(*arguments: str) -> dict[str, int]:
    """What a command took: how often it looked a name up and opened config.json, and files."""
    command = [sys.executable, "-c", USE, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    facts = json.loads(done.stderr.splitlines()[-1])
    if facts["code"]:
        raise RuntimeError(f"genzoo {' '.join(arguments)} failed: {done.stderr}")
    core = [name for name in facts["modules"] if name.split(".")[0] in PACKAGES]
    counted = {name: facts[name] for name in ("find", "kind", "config.json")}
    return {**counted, "files": len(core)}


def lines(paths: Iterable[Path]) -> int:
    """Lines of several files."""
    return sum(len(path.read_text(encoding="utf-8").splitlines()) for path in paths)


def measure(place: Path) -> dict[str, object]:
    """Every measure with its bound, by what it is of.

    Args:
        place: A folder to write a sample and a run to.
    """
    files = list(modules().values())
    sample = use("sample", "peeps-gan", "--count", "1", "-o", str(place / "one.png"))
    settings = [
        "--steps",
        "1",
        "--size",
        "32",
        "--width",
        "8",
        "--batch-size",
        "8",
        "--tracker",
        "none",
    ]
    train = use("train", "dcgan", "peeps", "-o", str(place / "run"), *settings)
    return {
        "lines of core (at most 24,000)": lines(files),
        "files of core (at most 230)": len(files),
        "circle of rooms (none)": circle(room_graph()) or "none",
        "circle of files (none)": circle(file_graph()) or "none",
        "imports of a room above (none)": sorted(upward_imports()) or "none",
        "lines of a training step, 3 files (at most 700)": lines(
            CORE / "genzoo" / name for name in STEP
        ),
        "genzoo sample: files of core (at most 40)": sample["files"],
        "genzoo sample: a name is looked up (once)": sample["find"],
        "genzoo sample: config.json is opened (once)": sample["config.json"],
        "genzoo train: the kind is chosen (once)": train["kind"],
        "genzoo train: files of core": train["files"],
    }


if __name__ == "__main__":
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        for what, value in measure(Path(folder)).items():
            print(f"{what}: {value}")
