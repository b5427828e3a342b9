"""The command line in processes of its own: imports, streams, interrupts, completion."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

MODULES = """
import sys
from genzoo.cli.main import main
code = 0
try:
    main(sys.argv[1:], prog_name="genzoo")
except SystemExit as error:
    code = error.code
print("\\nMODULES", *{name.partition(".")[0] for name in sys.modules}, file=sys.stderr)
sys.exit(code)
"""


def call(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`genzoo ARGUMENTS`, ending with a line of the modules it imported on stderr."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", MODULES, *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )


def imported(result: subprocess.CompletedProcess[str]) -> set[str]:
    return set(result.stderr.rsplit("MODULES", 1)[1].split())


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["sample", "--help"],
        ["models", "--json"],
        ["architectures"],
        ["objectives"],
        ["plugins", "list", "--json"],
        ["info", "dcgan"],
        ["train", "--help"],
        ["train", "dcgan", "--help"],
        ["train", "conv-vae", "--objective", "iwae", "--help"],
        ["train", "dcgna", "somewhere"],
        ["train", "dcgan", "somewhere", "--width", "1"],
        ["smple"],
    ],
    ids=" ".join,
)
def test_what_computes_nothing_imports_no_torch(arguments: list[str]) -> None:
    result = call(*arguments)
    assert result.returncode in (0, 2), result.stderr
    assert imported(result) & {"torch", "torchvision"} == set()


@pytest.mark.parametrize("arguments", [["--help"], ["models"], ["plugins", "list"]], ids=" ".join)
def test_lists_into_a_pipe_import_nothing_heavy(arguments: list[str]) -> None:
    heavy = {"torch", "numpy", "pydantic", "rich", "PIL", "huggingface_hub"}
    assert imported(call(*arguments)) & heavy == set()


@pytest.fixture(scope="module")
def dcgan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model of an installed plugin."""
    import genzoo
    from genzoo.artifact.save import save_model
    from genzoo.plugins.manager import PluginManager

    registry = PluginManager.discover().registry
    model = genzoo.build("dcgan", size=16, config={"width": 4}, registry=registry)
    folder = tmp_path_factory.mktemp("models") / "dcgan"
    save_model(model, folder, registry=registry, preview=False, golden=False)
    return folder


def test_sampling_imports_no_torchvision(dcgan: Path, tmp_path: Path) -> None:
    out = tmp_path / "grid.png"
    result = call("sample", str(dcgan), "-n", "4", "-o", str(out), "--json")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["path"] == str(out)
    assert out.exists()
    assert "torch" in imported(result)
    assert imported(result) & {"torchvision", "tensorboard", "huggingface_hub", "rich"} == set()
    assert result.stderr.partition("\nMODULES")[0] == ""


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("genzoo sam", "sample"),
        ("genzoo train dc", "dcgan"),
        ("genzoo train dcgan pee", "peeps"),
        ("genzoo train dcgan --latent", "--latent-dim"),
        ("genzoo train dcgan --objective lsg", "lsgan"),
        ("genzoo train --objective iwae conv-vae --samp", "--samples"),
        ("genzoo info conv", "conv-vae"),
        ("genzoo evaluate peeps-gan peeps --metrics memo", "memorisation"),
        ("genzoo evaluate peeps-gan peeps --features eff", "efficientnet-lite0"),
        ("genzoo plugins li", "list"),
    ],
)
def test_names_complete_in_the_shell_without_torch(words: str, expected: str) -> None:
    count = len(words.split()) - 1
    result = call(_GENZOO_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=str(count))
    assert expected in [line.partition(",")[2] for line in result.stdout.splitlines()]
    assert imported(result) & {"torch", "torchvision"} == set()


@pytest.mark.parametrize("words", ["genzoo sam", "genzoo train dc", "genzoo train dcgan pee"])
def test_words_complete_without_anything_heavy(words: str) -> None:
    count = len(words.split()) - 1
    result = call(_GENZOO_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=str(count))
    assert result.stdout
    assert imported(result) & {"torch", "numpy", "pydantic", "rich"} == set()


def test_completion_of_something_unknown_is_silent() -> None:
    words = "genzoo nonsense --wid"
    result = call(_GENZOO_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD="2")
    assert result.stdout.strip() == ""
    assert "Traceback" not in result.stderr


def test_a_reader_that_leaves_early_is_no_error() -> None:
    command = [sys.executable, "-c", "from genzoo.cli.main import main; main()"]
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as closed:
        result = subprocess.run(
            [*command, "architectures", "--json"], stdout=closed, stderr=subprocess.PIPE, text=True
        )
    assert "Traceback" not in result.stderr
    assert "bug" not in result.stderr


def test_the_installed_command_works() -> None:
    command = Path(sys.executable).with_name("genzoo")
    result = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
    assert result.stdout.startswith("genzoo ")
