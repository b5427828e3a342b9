"""Memory does not grow with the square of the number of images."""

import subprocess
import sys

import pytest

CODE = """
import resource
import numpy as np
from genzoo_metrics.overlap import overlap

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

random = np.random.default_rng(0)
overlap(*random.normal(size=(2, 100, 4)).astype(np.float32), 3)
before = peak()
real, fake = random.normal(size=(2, 12_000, 4)).astype(np.float32)
overlap(real, fake, 3)
print(peak() - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="measures in Linux's units")
def test_neighbours_are_found_in_blocks():
    # All distances of 12,000 points to 12,000 others take 576 MB, or twice as much in doubles.
    run = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert float(run.stdout) < 350
