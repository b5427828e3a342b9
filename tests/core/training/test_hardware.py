"""How torch uses a machine: allocators, torch.compile and deterministic mode."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from genzoo.errors import CapabilityError, DivergenceError, UsageError
from genzoo.training.begin_and_resume import train_run
from genzoo.training.hardware import compile_networks, determinism
from genzoo.training.reporter import Reporter

SWITCH = Path("/sys/kernel/mm/transparent_hugepage/enabled")

CODE = """
import torch
from genzoo.training.hardware import tune_allocators
tune_allocators()
kept = torch.ones(1 << 24)
with open("/proc/self/smaps") as file:
    print(sum("hg" in line.split() for line in file if line.startswith("VmFlags")))
"""


@pytest.mark.skipif(not SWITCH.exists(), reason="no huge pages here")
@pytest.mark.parametrize(("setting", "asked"), [(None, True), ("0", False)])
def test_huge_pages_are_asked_for_unless_the_user_says_no(setting, asked):
    environment = {name: value for name, value in os.environ.items() if "THP_" not in name}
    if setting is not None:
        environment["THP_MEM_ALLOC_ENABLE"] = setting
    run = subprocess.run(
        [sys.executable, "-c", CODE], env=environment, capture_output=True, text=True, check=True
    )
    assert (int(run.stdout) > 0) == asked


def test_a_machine_that_cannot_compile_is_told_apart(monkeypatch):
    def fails(*_):
        raise RuntimeError("no C++ compiler")

    monkeypatch.setattr(torch, "compile", fails)
    network = nn.Linear(2, 2)
    with pytest.raises(UsageError, match="does not work on this machine") as caught:
        compile_networks([network], torch.device("cpu"))
    assert "--compile" in str(caught.value.hint)
    assert network._compiled_call_impl is None


def modes():
    cudnn = torch.backends.cudnn
    return (
        torch.get_deterministic_debug_mode(),
        cudnn.deterministic,
        cudnn.benchmark,
        os.environ.get("CUBLAS_WORKSPACE_CONFIG"),
    )


class Watch(Reporter):
    def __init__(self):
        self.seen = set()

    def stepped(self, step):
        self.seen.add(modes())


@pytest.mark.parametrize("poison_at", [-1, 3])
def test_a_run_is_deterministic_and_leaves_torch_as_it_was(
    tmp_path, registry, make_plan, monkeypatch, poison_at
):
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    before, watch = modes(), Watch()
    plan = make_plan(steps=4, deterministic=True, objective_config={"poison_at": poison_at})
    try:
        train_run(plan, tmp_path / "run", registry, watch)
        assert poison_at == -1
    except DivergenceError:
        assert poison_at == 3
    assert watch.seen == {(2, True, False, ":4096:8")}
    assert modes() == before


def test_without_it_torch_is_left_alone(tmp_path, registry, make_plan):
    watch = Watch()
    train_run(make_plan(steps=2), tmp_path / "run", registry, watch)
    assert watch.seen == {modes()}


def test_operations_that_differ_are_refused_in_one_sentence():
    twice = torch.tensor([0, 0])
    refused = pytest.raises(
        CapabilityError, match=r"here: put_ does not have a deterministic implementation\. Train"
    )
    with refused as caught, determinism(True):
        torch.zeros(3).put_(twice, torch.ones(2), accumulate=False)
    assert "without --deterministic" in caught.value.hint
    assert torch.get_deterministic_debug_mode() == 0


def test_other_errors_pass():
    with pytest.raises(RuntimeError, match="my own"), determinism(True):
        raise RuntimeError("my own")


def test_what_the_user_set_stays(monkeypatch):
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":16:8")
    torch.set_deterministic_debug_mode("warn")
    try:
        with determinism(True):
            assert torch.get_deterministic_debug_mode() == 2
            assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":16:8"
        assert torch.get_deterministic_debug_mode() == 1
        assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":16:8"
    finally:
        torch.set_deterministic_debug_mode("default")
