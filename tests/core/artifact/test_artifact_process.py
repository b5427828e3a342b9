"""What only a fresh process shows: what is imported, and how real write failures end."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from artifact_mutations import read_files

from genzoo import SampleSpec
from genzoo.artifact.save import save_model
from genzoo.model.build import build_model

HELPERS = Path(__file__).parents[2] / "helpers"


def run(code, *arguments):
    environment = {**os.environ, "PYTHONPATH": str(HELPERS), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


LOAD = """
import io, pickle, sys

def refuse(*args, **kwargs):
    raise AssertionError("something was unpickled")

import torch
pickle.Unpickler = pickle._Unpickler = pickle.load = pickle.loads = pickle._loads = refuse
torch.load = refuse
import torch.serialization
torch.serialization.load = refuse

before = set(sys.modules)
from pathlib import Path
from genzoo.artifact.load import load_model
from toys import toy_registry
model = load_model(Path(sys.argv[1]), toy_registry())
samples = model.sample(3)
heavy = {"torchvision", "sympy", "torch._dynamo", "torch._inductor", "huggingface_hub", "PIL"}
assert not heavy & (set(sys.modules) - before), heavy & (set(sys.modules) - before)
assert "torchvision" not in sys.modules
print(samples.flatten()[:3].tolist())
"""


def test_loading_unpickles_nothing_and_imports_nothing_heavy(artifact, toy_gan):
    assert run(LOAD, artifact).strip() == str(toy_gan.sample(3).flatten()[:3].tolist())


LIGHT = """
import sys
from pathlib import Path
import genzoo.hub.resolve_model_name, genzoo.system.atomic_files
import genzoo.artifact.format, genzoo.artifact.file_hashes
genzoo.artifact.format.read_config(Path(sys.argv[1]))
assert "torch" not in sys.modules and "numpy" not in sys.modules
"""


def test_reading_a_description_does_not_import_torch(artifact):
    run(LIGHT, artifact)


LIMITED = """
import resource, sys
from pathlib import Path
from toys import toy_registry
from genzoo import SampleSpec
from genzoo.artifact.save import save_model
from genzoo.errors import StorageError
from genzoo.model.build import build_model
registry = toy_registry()
model = build_model(registry, "toy-gan", SampleSpec(shape=(3, 8, 8)), {"width": 256})
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    save_model(model, Path(sys.argv[1]), registry=registry)
except StorageError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX limits")
def test_a_write_that_the_system_refuses(artifact):
    before = {path: path.read_bytes() for path in artifact.rglob("*") if path.is_file()}
    message = run(LIMITED, artifact)
    assert message.startswith(f"'{artifact}' cannot be written: the file would be too large.")
    assert {path: path.read_bytes() for path in artifact.rglob("*") if path.is_file()} == before
    assert [path.name for path in artifact.parent.iterdir()] == ["artifact"]


LIMITED_LOADS = """
import resource, sys
from pathlib import Path
from toys import toy_registry
from genzoo import GenzooError
from genzoo.artifact.load import load_model

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10

small, *folders = map(Path, sys.argv[1:])
load_model(small, toy_registry()).sample(1)
before = peak()
for folder in folders:
    try:
        load_model(folder, toy_registry()).sample(1)
        outcome = "loads"
    except GenzooError:
        outcome = "refused"
    print(folder.name, outcome, peak() - before)
"""


def hostile(files):
    """Damaged files that claim much, by what they claim."""
    header, name = files.header, "parts.generator.second.weight"
    rows, columns = header[name]["shape"]
    claim = {"dtype": "F32", "shape": [1 << 40], "data_offsets": [0, 1 << 42]}
    content = json.loads(files.config)
    configs = {
        "wider": {"config": {"width": 4096}},
        "tied": {"config": {**content["config"], "tied": True}},
        "huge": {"sample": {"shape": [1, 1 << 14, 1 << 14]}},
        "classes": {"sample": {"shape": [3, 8, 8], "classes": [str(n) for n in range(99_999)]}},
    }
    headers = {
        "terabytes": {**header, name: claim},
        "turned": {**header, name: {**header[name], "shape": [rows * 2, columns // 2]}},
        "unknown": {**header, "extra": header[name]},
    }
    yield "whole", files
    for case, changes in configs.items():
        yield case, replace(files, config=json.dumps({**content, **changes}).encode())
    for case, lies in headers.items():
        yield case, files.with_header(lies)


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss in kilobytes")
def test_no_claim_makes_loading_take_more_than_twice_the_file(artifact, registry, tmp_path):
    large = build_model(registry, "toy-gan", SampleSpec(shape=(3, 8, 8)), {"width": 2000})
    save_model(large, tmp_path / "large", registry=registry, preview=False, golden=False)
    files = read_files(tmp_path / "large")
    folders = []
    for case, changed in hostile(files):
        folders.append(tmp_path / case)
        folders[-1].mkdir()
        changed.write(folders[-1])
    told = [line.split() for line in run(LIMITED_LOADS, artifact, *folders).splitlines()]
    assert [outcome for _, outcome, _ in told] == ["loads"] + ["refused"] * 7
    for case, _, taken in told:
        assert int(taken) <= 2 * len(files.weights), case
