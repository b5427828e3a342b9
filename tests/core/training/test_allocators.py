"""What training asks of the allocators."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SWITCH = Path("/sys/kernel/mm/transparent_hugepage/enabled")

CODE = """
import torch
from genzoo.training.allocators import tune_allocators
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
