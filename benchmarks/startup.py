"""What commands that compute nothing cost with many plugins installed.

    python benchmarks/startup.py [--plugins 50] [--rounds 21]

Two environments take turns, command by command: one with the plugins that come with genzoo, one
with that many more, each a wheel with an architecture and an objective. Each figure is the whole
life of a process: by the clock, which tells the truth on a quiet machine, and by the processor,
which other work on the machine stretches less. The budget goes by the latter.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from genzoo.plugins.discovery import ALLOW_VARIABLE, BLOCK_VARIABLE

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "tests" / "helpers"))
from environments import Environment, write_wheel  # noqa: E402

BUDGET = 0.25

COMPLETION = {
    "_GENZOO_COMPLETE": "bash_complete",
    "COMP_WORDS": "genzoo train c",
    "COMP_CWORD": "2",
}

COMMANDS: Mapping[str, tuple[list[str], Mapping[str, str]]] = {
    "genzoo --help": (["--help"], {}),
    "genzoo architectures": (["architectures"], {}),
    "genzoo models": (["models"], {}),
    "genzoo plugins list": (["plugins", "list"], {}),
    "completion": ([], COMPLETION),
}
"""Arguments and environment of each command."""

PROGRAM = """
import sys
from genzoo.cli.main import main
try:
    main(prog_name="genzoo")
finally:
    print("TORCH", "torch" in sys.modules, file=sys.__stderr__)
"""

PLUGIN = """
from genzoo import ArchitectureSpec, ObjectiveSpec, hookimpl

PARTS = ("generator", "discriminator")


@hookimpl
def genzoo_architectures():
    return [
        ArchitectureSpec(
            name="architecture-NUMBER",
            summary="One of many",
            family="many",
            target="genzoo_many_NUMBER.networks:Network",
            config="genzoo_many_NUMBER.configs:Config",
            parts=PARTS,
            inference=("generator",),
            objective="objective-NUMBER",
        )
    ]


@hookimpl
def genzoo_objectives():
    return [
        ObjectiveSpec(
            name="objective-NUMBER",
            summary="One of many",
            family="many",
            target="genzoo_many_NUMBER.objectives:Objective",
            config="genzoo_many_NUMBER.configs:ObjectiveConfig",
            requires=PARTS,
        )
    ]
"""


def environment_with(plugins: int, folder: Path) -> Environment:
    """An environment with that many plugins beside genzoo's own."""
    environment = Environment.create(folder / f"with-{plugins}")
    wheels = [
        write_wheel(
            folder,
            f"genzoo-many-{number}",
            {f"genzoo_many_{number}/__init__.py": PLUGIN.replace("NUMBER", str(number))},
            requires=("genzoo>=0.1", "torch>=2", "numpy>=2; python_version >= '3.11'"),
        )
        for number in range(plugins)
    ]
    if wheels:
        environment.install(*wheels)
    return environment


@dataclass(frozen=True)
class Turn:
    """What a command took: seconds on the clock, seconds of a processor, and torch or not."""

    clock: float
    processor: float
    torch: bool


def measure(environment: Environment, command: str) -> Turn:
    """Run `command` once."""
    arguments, variables = COMMANDS[command]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    result = environment.run("-c", PROGRAM, *arguments, env=variables)
    clock, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if result.returncode != 0:
        raise RuntimeError(f"{command}: {result.stderr}")
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Turn(clock, processor, result.stderr.endswith("TORCH True\n"))


def compare(few: Environment, many: Environment, command: str, rounds: int) -> bool:
    """Print a line; return whether the command keeps the budget, without torch."""
    turns: tuple[list[Turn], list[Turn]] = ([], [])
    measure(few, command)
    measure(many, command)
    for number in range(rounds):
        sides = [(few, turns[0]), (many, turns[1])]
        for environment, record in sides if number % 2 == 0 else reversed(sides):
            record.append(measure(environment, command))
    clocks = [statistics.median(turn.clock for turn in side) for side in turns]
    processor = [statistics.median(turn.processor for turn in side) for side in turns]
    torch = any(turn.torch for side in turns for turn in side)
    print(
        f"{command:21} {clocks[0]:7.3f} {clocks[1]:7.3f}    {processor[0]:7.3f} {processor[1]:7.3f}"
        f"    torch {'imported' if torch else 'not imported'}"
    )
    return processor[1] <= BUDGET and not torch


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plugins", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=21)
    options = parser.parse_args()
    for variable in (ALLOW_VARIABLE, BLOCK_VARIABLE):
        os.environ.pop(variable, None)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        few, many = environment_with(0, folder), environment_with(options.plugins, folder)
        print(f"medians of {options.rounds}: genzoo's own plugins, and {options.plugins} more")
        print("                      seconds, clock     seconds, processor")
        well = [compare(few, many, command, options.rounds) for command in COMMANDS]
    print(f"budget of {BUDGET} processor seconds: {'kept' if all(well) else 'EXCEEDED'}")
    sys.exit(0 if all(well) else 1)


if __name__ == "__main__":
    main()
