"""A virtual environment per toolkit, so that their requirements do not meet.

Each sees the packages of the interpreter that runs the benchmark, by a path file, and thus the
same torch: the ratio is not torch's progress. Its own packages, in the versions given here, come
before those. An environment is made once and used again until what belongs in it changes.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Toolkit:
    """What an environment holds.

    Attributes:
        name: Of the folder.
        packages: The toolkit and what it needs beside torch, with versions. Nothing else is
            installed: some of the toolkits require packages that only break or burden them.
    """

    name: str
    packages: tuple[str, ...]


SCIENCE = (
    "cloudpickle==3.1.3",
    "scipy==1.17.1",
    "scikit-learn==1.9.1",
    "joblib==1.6.0",
    "threadpoolctl==3.8.0",
    "narwhals==2.29.0",
)

PYTHAE = Toolkit("pythae", ("pythae==0.1.2", "imageio==2.38.1", *SCIENCE))
TORCHGAN = Toolkit("torchgan", ("torchgan==0.1.0",))
MIMICRY = Toolkit(
    "mimicry",
    (
        "torch-mimicry==0.1.16",
        "scikit-image==0.26.0",
        "imageio==2.38.1",
        "lazy-loader==0.6",
        "tifffile==2026.3.3",
        *SCIENCE,
    ),
)

SMALL = ("einops==0.8.2", "tqdm==4.70.1")
DENOISING = Toolkit(
    "denoising-diffusion",
    (
        "denoising-diffusion-pytorch==2.3.4",
        "ema-pytorch==0.8.3",
        "accelerate==1.15.0",
        "pytorch-fid==0.3.0",
        "psutil==7.2.2",
        "scipy==1.17.1",
        *SMALL,
    ),
)
DIFFUSERS = Toolkit("diffusers", ("diffusers==0.42.1",))
KORNIA = ("kornia==0.9.0", "kornia-rs==0.2.0", *SMALL)
ADABELIEF = ("tabulate==0.10.0", "colorama==0.4.6")
LIGHTWEIGHT_GAN = Toolkit(
    "lightweight-gan", ("lightweight-gan==1.2.1", "adabelief-pytorch==0.2.1", *ADABELIEF, *KORNIA)
)
STYLEGAN2 = Toolkit(
    "stylegan2-pytorch",
    (
        "stylegan2-pytorch==1.9.0",
        "vector-quantize-pytorch==0.1.0",
        "fire==0.7.1",
        "termcolor==3.3.0",
        *KORNIA,
    ),
)


def interpreter(toolkit: Toolkit, environments: Path) -> str:
    """The Python of the toolkit's environment below `environments`, made where it is not there.

    Raises:
        RuntimeError: It cannot be made; says what pip said.
    """
    folder = environments / toolkit.name
    python, record = folder / "bin" / "python", folder / "holds.json"
    holds = json.dumps([sys.version, shared_packages(), toolkit.packages])
    if not record.exists() or record.read_text() != holds:
        shutil.rmtree(folder, ignore_errors=True)
        _make(folder, python, toolkit)
        record.write_text(holds)
    return str(python)


def shared_packages() -> list[str]:
    """Where the running interpreter has its packages."""
    return sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})


def _make(folder: Path, python: Path, toolkit: Toolkit) -> None:
    venv.create(folder, symlinks=True)
    packages = next(folder.glob("lib/python*/site-packages"))
    (packages / "shared.pth").write_text("\n".join(shared_packages()))
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps"]
    result = subprocess.run([*pip, *toolkit.packages], capture_output=True, text=True)
    if result.returncode != 0:
        raise RuntimeError(f"{toolkit.name} cannot be installed:\n{result.stderr}")
