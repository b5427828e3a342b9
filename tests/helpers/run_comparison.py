"""Whether two runs left the same."""

import json

import torch

from genzoo.artifact.tensors import load_tensors

UNEQUAL = ("metrics.jsonl", "config.json")
"""Files with times, and with hashes of files that differ in the order of their metadata."""

TIMES = ("samples_per_second", "data_share")
"""What a line of the log says of the machine."""


def logged(run):
    """Whole lines of a run's log without times, and the rest of a line that was cut short."""
    try:
        *lines, rest = (run / "metrics.jsonl").read_text().split("\n")
    except FileNotFoundError:
        return [], ""
    return [_without(json.loads(line), TIMES) for line in lines], rest


def _without(line, names):
    return {name: value for name, value in line.items() if name not in names}


def assert_same_runs(run, expected):
    """Every bit of `run` is as in `expected`, and nothing else is there."""
    assert logged(run) == logged(expected)
    names = {path.relative_to(run) for path in run.rglob("*")}
    assert names == {path.relative_to(expected) for path in expected.rglob("*")}
    for name in names:
        if name.suffix == ".safetensors":
            assert_same_tensors(run / name, expected / name)
        elif (run / name).is_file() and name.name not in UNEQUAL:
            assert (run / name).read_bytes() == (expected / name).read_bytes(), name


def assert_same_tensors(path, expected):
    """The order of a file's metadata is random; of the rest there is one way to write it."""
    (tensors, notes), (others, other_notes) = load_tensors(path), load_tensors(expected)
    assert notes == other_notes
    assert tensors.keys() == others.keys()
    for name, tensor in tensors.items():
        assert torch.equal(tensor, others[name]), f"{path}: {name}"
