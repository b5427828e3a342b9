"""What pip and uv print when they fail, recorded, and the sentence it becomes."""

from __future__ import annotations

from pathlib import Path

import pytest

from genzoo.plugins.installing.failures import explain_failure

KEEP = {"torch": "2.15.0", "torchvision": "0.29.2", "genzoo": "0.1.0"}


def pip_conflict(package: str, *causes: str) -> str:
    lines = "".join(f"    {cause}\n" for cause in causes)
    return (
        "Looking in links: wheels\n"
        f"Processing ./wheels/{package}-1.0-py3-none-any.whl\n"
        f"INFO: pip is looking at multiple versions of {package} to determine which version is "
        "compatible with other requirements. This could take a while.\n"
        f"ERROR: Cannot install {package}==1.0 because these package versions have conflicting "
        "dependencies.\n\nThe conflict is caused by:\n"
        f"{lines}\n"
        "Additionally, some packages in these conflicts have no matching distributions available "
        "for your environment:\n    torch\n\n"
        "To fix this you could try to:\n1. loosen the range of package versions you've specified\n"
        "2. remove package versions to allow pip to attempt to solve the dependency conflict\n\n"
        "ERROR: ResolutionImpossible: for help visit https://pip.pypa.io/en/latest/topics/\n"
    )


def uv_conflict(cause: str) -> str:
    return (
        "Using Python 3.11.7 environment at: env\n"
        "error: No solution found when resolving dependencies\n"
        f"  cause: Because {cause}\n"
        "         And because you require it, we can conclude that your requirements are "
        "unsatisfiable.\n"
    )


BUILD = """\
Processing /home/proj
  Preparing metadata (pyproject.toml): started
  Preparing metadata (pyproject.toml): finished with status 'error'
  error: subprocess-exited-with-error

  × Preparing metadata (pyproject.toml) did not run successfully.
  │ exit code: 1
  ╰─> [3 lines of output]
      Traceback (most recent call last):
        File "/x/_in_process.py", line 77, in _build_backend
      ModuleNotFoundError: No module named 'hatchling'
      [end of output]

error: metadata-generation-failed
"""

CASES = {
    "pip: torch": (
        pip_conflict(
            "genzoo-old",
            "genzoo-old 1.0 depends on torch<1",
            "The user requested (constraint) torch==2.15.0",
        ),
        "genzoo-old 1.0 wants torch<1, but torch 2.15.0 is installed and is kept.",
        "another torch in an environment of its own",
    ),
    "pip: genzoo": (
        pip_conflict(
            "genzoo-future",
            "genzoo-future 1.0 depends on genzoo>=9",
            "The user requested (constraint) genzoo==0.1.0",
        ),
        "genzoo-future 1.0 wants genzoo>=9, but genzoo 0.1.0 is installed and is kept.",
        "python -m pip install --upgrade genzoo",
    ),
    "pip: the user": (
        pip_conflict(
            "torch",
            "The user requested torch<2",
            "The user requested (constraint) torch==2.15.0",
        ),
        "You ask for torch<2, but torch 2.15.0 is installed and is kept.",
        "use pip itself",
    ),
    "pip: others": (
        pip_conflict(
            "genzoo-both",
            "genzoo-both 1.0 depends on genzoo-good<2",
            "genzoo-two 3.0 depends on genzoo-good>=2",
        ),
        "Nothing fits all of these: genzoo-both 1.0 wants genzoo-good<2, "
        "genzoo-two 3.0 wants genzoo-good>=2.",
        "Ask for other versions",
    ),
    "pip: not found": (
        "ERROR: Could not find a version that satisfies the requirement genzoo-goood "
        "(from versions: none)\nERROR: No matching distribution found for genzoo-goood\n",
        "No package named 'genzoo-goood' was found.",
        "Check the spelling",
    ),
    "pip: dependency not found": (
        "ERROR: Could not find a version that satisfies the requirement nothing-there>2 "
        "(from genzoo-missing) (from versions: none)\n"
        "ERROR: No matching distribution found for nothing-there>2 (from genzoo-missing)\n",
        "No package named 'nothing-there' (needed by genzoo-missing) was found.",
        "Check the spelling",
    ),
    "pip: no version": (
        "ERROR: Could not find a version that satisfies the requirement genzoo-good>3 "
        "(from versions: 1.0, 2.0)\nERROR: No matching distribution found for genzoo-good>3\n",
        "No version of genzoo-good fits 'genzoo-good>3': there is 1.0, 2.0.",
        "Ask for one of these.",
    ),
    "pip: no network": (
        "WARNING: Retrying (Retry(total=4, connect=None)) after connection broken by "
        "'NewConnectionError(...)': /simple/genzoo-good/\n"
        "ERROR: Could not find a version that satisfies the requirement genzoo-good "
        "(from versions: none)\nERROR: No matching distribution found for genzoo-good\n",
        "The package index cannot be reached.",
        "--no-index --find-links FOLDER",
    ),
    "pip: git": (
        "  Running command git clone --filter=blob:none --quiet file:///nowhere /tmp/x\n"
        "  fatal: '/nowhere' does not appear to be a git repository\n"
        "  fatal: Could not read from remote repository.\n"
        "  error: subprocess-exited-with-error\n",
        "It cannot be installed: '/nowhere' does not appear to be a git repository.",
        "--debug",
    ),
    "pip: build": (
        BUILD,
        "It cannot be installed: ModuleNotFoundError: No module named 'hatchling'.",
        "--debug",
    ),
    "pip: build command": (
        BUILD.replace("ModuleNotFoundError: No module named 'hatchling'", "error: no such command"),
        "It cannot be installed: no such command.",
        "--debug",
    ),
    "uv: torch": (
        uv_conflict(
            "all versions of genzoo-old depend on torch<1 and torch==2.15.0, we can conclude that "
            "all versions of genzoo-old cannot be used."
        ),
        "genzoo-old wants torch<1, but torch 2.15.0 is installed and is kept.",
        "another torch",
    ),
    "uv: one version": (
        uv_conflict("genzoo-old==1.0 depends on torch<1,!=0.4 and torch==2.15.0, we can conclude"),
        "genzoo-old 1.0 wants torch<1,!=0.4, but torch 2.15.0 is installed and is kept.",
        "another torch",
    ),
    "uv: the user": (
        "error: No solution found when resolving dependencies\n  cause: Because you require "
        "torch<2 and torch==2.15.0, we can conclude that your requirements are unsatisfiable.\n",
        "You ask for torch<2, but torch 2.15.0 is installed and is kept.",
        "use pip itself",
    ),
    "uv: not found": (
        "error: No solution found when resolving dependencies\n  cause: Because genzoo-goood was "
        "not found in the package registry and you require genzoo-goood, we can conclude that "
        "your requirements are unsatisfiable.\n",
        "No package named 'genzoo-goood' was found.",
        "Check the spelling",
    ),
    "uv: no version": (
        "error: No solution found when resolving dependencies\n  cause: Because only "
        "genzoo-good<=2.0 is available and you require genzoo-good>3, we can conclude that your "
        "requirements are unsatisfiable.\n",
        "No version of genzoo-good fits 'genzoo-good>3': there is <=2.0.",
        "Ask for one of these.",
    ),
    "another error": (
        "Looking in links\nERROR: Invalid requirement: 'x y'\n",
        "It cannot be installed: Invalid requirement: 'x y'.",
        "--debug",
    ),
    "silence": ("", "It cannot be installed: it does not say why.", "--debug"),
}


@pytest.mark.parametrize(("output", "message", "hint"), CASES.values(), ids=CASES)
def test_a_failure_is_one_sentence_and_a_hint(output: str, message: str, hint: str) -> None:
    error = explain_failure(output, KEEP)
    assert error.message == message
    assert hint in error.hint
    assert error.exit_code == 1


def test_a_folder_of_that_name_is_pointed_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "genzoo-goood").mkdir()
    error = explain_failure(CASES["pip: not found"][0], KEEP)
    assert error.hint.endswith("genzoo plugins install ./genzoo-goood")
