"""Training with compiled networks."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("compiled_run.py")

needs_compiler = pytest.mark.skipif(
    not any(map(shutil.which, ("g++", "clang++"))), reason="torch.compile needs a C++ compiler"
)


@pytest.mark.slow
@needs_compiler
def test_compiled_networks_learn_what_others_learn(tmp_path):
    ended = subprocess.run(
        [sys.executable, SCRIPT, tmp_path], capture_output=True, text=True, check=False
    )
    assert ended.stdout == "equal\n", ended.stderr
