"""Packages that are broken in every way we know, to be installed side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from environments import Environment, write_wheel

GOOD = """
    import numpy as np

    from genzoo import CommandSpec, DatasetSpec, RawSamples, hookimpl

    @hookimpl
    def genzoo_datasets():
        return [DatasetSpec(name="dots", target="genzoo_good:load", version="1", count=32)]

    @hookimpl
    def genzoo_commands():
        return [CommandSpec(name="sample", summary="Another", target="genzoo_good:command")]

    def load():
        pixels = np.random.default_rng(0).integers(0, 256, (32, 16, 16, 3), dtype=np.uint8)
        return RawSamples(pixels)
"""

TWIN = """
    from genzoo import ArchitectureSpec, ObjectiveSpec, hookimpl

    PARTS = ("generator", "discriminator")

    @hookimpl
    def genzoo_architectures():
        return [
            ArchitectureSpec(
                name="twin",
                family="gan",
                target="genzoo_gan.dcgan:DCGAN",
                config="genzoo_gan.configs:DCGANConfig",
                parts=PARTS,
                inference=("generator",),
                objective="r3gan",
            )
        ]

    @hookimpl
    def genzoo_objectives():
        # The name of one of genzoo's own, which convgan is trained with by default.
        return [
            ObjectiveSpec(
                name="r3gan",
                family="gan",
                target="genzoo_gan.objectives.logistic:LogisticGAN",
                config="genzoo_gan.configs:GANConfig",
                requires=PARTS,
            )
        ]
"""

HEAVY = """
    import os
    import time

    from genzoo import DatasetSpec, hookimpl

    time.sleep(float(os.environ.get("TEST_SLEEP", "0")))
    if "TEST_TORCH" in os.environ:
        import torch

    @hookimpl
    def genzoo_datasets():
        return [DatasetSpec(name="heavy", target="m:f", version="1")]
"""

SULKY = """
    from genzoo import ModelSpec, Tracker, TrackerSpec, hookimpl

    print("hello from", __name__)

    @hookimpl
    def genzoo_trackers():
        print("trackers are coming")
        return [TrackerSpec(name="sulky", target="genzoo_sulky:Sulky")]

    @hookimpl
    def genzoo_models():
        return [ModelSpec(name="lost", architecture="genzoo-flow/realnvp", location="o/lost")]

    @hookimpl
    def genzoo_step_ended(run, step):
        raise RuntimeError("I have had enough")

    class Sulky(Tracker):
        def scalars(self, step, values):
            raise SystemExit(5)

        def images(self, step, name, picture): ...

        def close(self): ...
"""

HOOK = "from genzoo import ArchitectureSpec, DatasetSpec, hookimpl\n@hookimpl\ndef "


@dataclass(frozen=True)
class Fault:
    """A package that is not loaded.

    Attributes:
        code: Its module.
        reason: What `genzoo plugins list` must say.
        cause: What `genzoo plugins doctor` must say.
        remedy: What it must say to type first; `{}` stands for the distribution.
        line: The line of its module that it must name; 0 for none.
        requires: What it requires.
        state: What it must be reported as.
    """

    code: str
    reason: str
    cause: str
    remedy: str = "genzoo plugins install '{}>1.0'"
    line: int = 0
    requires: tuple[str, ...] = ("genzoo>=0.1",)
    state: str = "failed"


FAULTS: Mapping[str, Fault] = {
    "raises": Fault("\nraise RuntimeError('no luck')", "no luck", "RuntimeError: no luck", line=2),
    "exits": Fault(
        "import sys\nsys.exit(3)", "SystemExit: 3", "It tries to end the program", line=2
    ),
    "lacks": Fault(
        "import surely_not_there",
        "No module named 'surely_not_there'",
        "It imports the module 'surely_not_there', which is not installed.",
        "pip install surely_not_there",
        line=1,
    ),
    "asks": Fault(
        HOOK + "genzoo_models(config): return []",
        "asks for 'config'",
        "genzoo_models asks for 'config', which it is not given; it may ask for nothing.",
        line=2,
    ),
    "misspells": Fault(
        HOOK + "genzoo_modles(): return []",
        "no hook named 'genzoo_modles'",
        "Did you mean genzoo_models",
        line=2,
    ),
    "returns": Fault(
        HOOK + "genzoo_models(): return ['vae']",
        "returned a str where ModelSpec is due",
        "genzoo_models returned a str where ModelSpec is due.",
        line=2,
    ),
    "repeats": Fault(
        HOOK + "genzoo_datasets():\n"
        "    return 2 * [DatasetSpec(name='again', target='m:f', version='1')]",
        "'again' is registered twice by genzoo-repeats",
        "The data set 'again' is registered twice by genzoo-repeats.",
    ),
    "newer": Fault(
        "raise RuntimeError",
        "needs genzoo >=99",
        "Needs genzoo >=99, this is 0.",
        "pip install --upgrade 'genzoo>=99'",
        requires=("genzoo>=99",),
        state="incompatible",
    ),
    "older": Fault(
        "raise RuntimeError",
        "needs genzoo <0.1",
        "Needs genzoo <0.1, this is 0.",
        requires=("genzoo<0.1",),
        state="incompatible",
    ),
    "fails": Fault(
        HOOK + "genzoo_models():\n    1 / 0",
        "genzoo_models raised an error: ZeroDivisionError",
        "ZeroDivisionError: division by zero.",
        line=4,
    ),
    "leaves": Fault(
        HOOK + "genzoo_models():\n    raise SystemExit(2)",
        "genzoo_models raised an error: SystemExit: 2",
        "It tries to end the program",
        line=4,
    ),
}
"""Packages `genzoo-NAME` with a module `genzoo_NAME`, by NAME."""


def install_all(environment: Environment, folder: Path) -> None:
    """Install a good package, one for each fault, and some that do harm only in company."""
    wheels = [
        write_wheel(
            folder,
            f"genzoo-{name}",
            {f"genzoo_{name}.py": fault.code},
            requires=fault.requires,
        )
        for name, fault in FAULTS.items()
    ]
    whole = {"good": GOOD, "twin_a": TWIN, "twin_b": TWIN, "heavy": HEAVY, "sulky": SULKY}
    entries = {"good": "vae", "sulky": "vae"}
    for name, code in {**whole, "torn": GOOD, "empty": ""}.items():
        module = f"genzoo_{name}"
        wheels.append(
            write_wheel(
                folder,
                module.replace("_", "-"),
                {f"{module}.py": code},
                entry_points={entries.get(name, name): module},
            )
        )
    environment.install(*wheels)
    torn = environment.site_packages / "genzoo_torn-1.0.dist-info" / "METADATA"
    torn.write_bytes(b"\xff\xfe\x00\x81")
