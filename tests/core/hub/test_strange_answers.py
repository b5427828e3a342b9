"""What answers in the Hub's place, or refuses, is said to be that, by every command and in time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from hub_server import TOKEN, HubServer
from published import NAME, publish

from genzoo.errors import HubError
from genzoo.hub import download
from genzoo.hub import timed_requests as transfer
from genzoo.hub.hub_errors import named_wait
from genzoo.hub.pull import plan_pull, pull
from genzoo.hub.reference import parse_reference

Run = Callable[..., Result]

TOY = parse_reference(NAME)
PAGE = b"<!doctype html><html><form>Sign in to the hotel</form></html>"
HTML = {"Content-Type": "text/html; charset=utf-8"}
JSON = {"Content-Type": "application/json"}
COMMIT = b'{"id": "a/b", "sha": "' + b"a" * 40 + b'", '

COMMANDS = {
    "pull": ["pull", NAME],
    "dry run": ["pull", NAME, "--dry-run"],
    "info": ["info", NAME],
    "sample": ["sample", NAME, "-n", "1"],
    "reconstruct": ["reconstruct", NAME, "data.npz"],
    "verify": ["verify", NAME],
    "lock": ["lock", NAME],
    "evaluate": ["evaluate", NAME, "data.npz"],
    "reproduce": ["evaluate", "--reproduce", f"{NAME}/evaluation-a.json"],
    "models": ["models", "--hub"],
    "push": ["push", "artifact", NAME],
}

ANSWERS = {
    "a login page": (200, HTML, PAGE),
    "a login page that says nothing of itself": (200, {}, PAGE),
    "a login page as an error": (403, HTML, PAGE),
    "a page that is not found": (404, HTML, PAGE),
    "a proxy that wants a login": (407, {}, b""),
    "a network that wants a login": (511, HTML, PAGE),
    "nothing": (200, JSON, b""),
    "an empty object": (200, JSON, b"{}"),
    "a number": (200, JSON, b"7"),
    "a list of numbers": (200, JSON, b"[1, 2]"),
    "JSON that is cut short": (200, JSON, COMMIT),
    "a commit that is a number": (200, JSON, b'{"sha": 5, "siblings": []}'),
    "files that are numbers": (200, JSON, COMMIT + b'"siblings": [1]}'),
    "a size that is text": (
        200, JSON, COMMIT + b'"siblings": [{"rfilename": "a.md", "size": "1"}]}',
    ),
    "a size that is endless": (
        200, JSON, COMMIT + b'"siblings": [{"rfilename": "a.md", "size": 1e999}]}',
    ),
    "a hash that is a list": (
        200, JSON, COMMIT + b'"siblings": [{"rfilename": "a", "size": 1, "lfs": [1]}]}',
    ),
    "deep nesting": (200, JSON, b"[" * 100_000),
    "digits without end": (200, JSON, b"1" * 100_000),
    "half a character": (200, JSON, COMMIT + b'"siblings": [], "x": "\\ud800"}'),
    "no Unicode": (200, JSON, b"\xff\xfe"),
}  # fmt: skip


@pytest.fixture
def here(run: Run, artifact: Path) -> Run:
    """The commands, in a folder with an artifact and with data."""
    Path("artifact").symlink_to(artifact, target_is_directory=True)
    np.savez("data.npz", images=np.zeros((4, 8, 8, 3), np.uint8))
    return run


@pytest.mark.parametrize("answer", ["a login page", "an empty object", "deep nesting"])
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_says_that_it_is_not_the_hub(
    command: str, answer: str, here: Run, hub: HubServer, token: str
) -> None:
    hub.faults.answer = ANSWERS[answer]
    stderr = here(*COMMANDS[command], code=1).stderr
    assert f"What answers at {hub.url} is not the Hugging Face Hub" in stderr
    assert "in a browser" in stderr


@pytest.mark.parametrize("answer", ANSWERS)
def test_every_strange_answer_is_said_not_to_be_the_hubs(
    answer: str, run: Run, hub: HubServer
) -> None:
    hub.faults.answer = ANSWERS[answer]
    for command in ("pull", "models"):
        result = run(*COMMANDS[command], code=1)
        assert "is not the Hugging Face Hub" in result.stderr, command


@pytest.mark.parametrize("where", [r"/resolve/.*config\.json", r"/resolve/.*safetensors"])
def test_a_login_page_in_place_of_a_file(
    where: str, run: Run, hub: HubServer, artifact: Path
) -> None:
    publish(hub, artifact)
    hub.faults.where, hub.faults.answer = where, (200, HTML, PAGE)
    assert "is not the Hugging Face Hub: it sends a web page" in run("pull", NAME, code=1).stderr
    assert "is not the Hugging Face Hub" in run("info", NAME, code=1).stderr
    hub.faults.answer = None
    assert run("pull", NAME).stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_a_token_that_is_refused(
    command: str, here: Run, hub: HubServer, artifact: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(hub, artifact)
    monkeypatch.setenv("HF_TOKEN", "hf_that_was_revoked")
    stderr = here(*COMMANDS[command], code=1).stderr
    assert "The Hub refuses your token: it is wrong, or no longer valid (401)." in stderr
    assert "hf auth login" in stderr


def test_a_token_that_may_not_read(run: Run, hub: HubServer, token: str) -> None:
    hub.faults.answer = (403, JSON, b'{"error": "Forbidden"}')
    stderr = run("pull", NAME, code=1).stderr
    assert f"The Hub refuses that for '{NAME}': your token may not do it (403)." in stderr


def test_a_refusal_without_a_token_says_how_to_log_in(run: Run, hub: HubServer) -> None:
    hub.faults.answer = (403, JSON, b'{"error": "Forbidden"}')
    assert "without a login (403).\nLog in with" in run("pull", NAME, code=1).stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_a_limit_on_requests_is_said_at_once_with_the_wait(
    command: str, here: Run, hub: HubServer, token: str
) -> None:
    headers = {**JSON, "RateLimit": '"api";r=0;t=55', "Retry-After": "1"}
    hub.faults.answer = (429, headers, b'{"error": "Too many"}')
    began = time.monotonic()
    stderr = here(*COMMANDS[command], code=1).stderr
    assert "The Hub asks to wait 55 seconds before the next request." in stderr
    assert time.monotonic() - began < 3


def test_a_limit_on_requests_while_a_file_is_fetched_or_sent(
    here: Run, hub: HubServer, artifact: Path, token: str
) -> None:
    publish(hub, artifact)
    hub.faults.where, hub.faults.answer = "/resolve/", (429, {"Retry-After": "77"}, b"")
    began = time.monotonic()
    assert "wait 77 seconds" in here("pull", NAME, code=1).stderr
    for where in ("preupload", "lfs/objects/batch", "/commit/"):
        hub.faults.where = where
        (artifact / "README.md").write_text(f"# Changed for {where}\n")
        hub.repositories.pop("me/new", None)
        assert "wait 77 seconds" in here("push", "artifact", "me/new", code=1).stderr, where
    assert time.monotonic() - began < 5


def test_the_wait_is_read_in_the_forms_that_there_are() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    assert named_wait({"ratelimit": '"pages";r=0;t=12', "retry-after": "3"}) == 12
    assert named_wait({"retry-after": " 30 "}) == 30
    assert 85 <= (named_wait({"retry-after": later}) or 0) <= 91
    for nonsense in ("", "soon", "-1", "9" * 5000, "²", "Wed, 99 Foo 2026 25:00:00 GMT"):
        assert named_wait({"retry-after": nonsense}) is None


@pytest.mark.parametrize("fault", ["drip", "drip_head", "silent"])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_question_is_given_up_in_time(
    command: str,
    fault: str,
    here: Run,
    hub: HubServer,
    token: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(transfer, "ANSWER", 0.4)
    monkeypatch.setattr("genzoo.hub.push.ANSWER", 0.4)
    monkeypatch.setattr(transfer, "SILENCE", 60.0)
    setattr(hub.faults, fault, 0.05)
    began = time.monotonic()
    stderr = here(*COMMANDS[command], code=1).stderr
    assert "is too slow: its answer was not whole after" in stderr
    assert time.monotonic() - began < 3


@pytest.mark.parametrize("fault", ["drip", "drip_head"])
def test_a_download_that_drips_is_given_up_and_goes_on_later(
    fault: str, hub: HubServer, artifact: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "PATIENCE", 0.5)
    publish(hub, artifact)
    plan = plan_pull(TOY)
    hub.faults.where = r"/resolve/.*safetensors"
    setattr(hub.faults, fault, 0.05)
    began = time.monotonic()
    with pytest.raises(HubError, match="is too slow: less than 30 kB arrived") as caught:
        pull(plan)
    assert time.monotonic() - began < 3
    assert "kept" in caught.value.hint
    setattr(hub.faults, fault, 0.0)
    partial = next(path for path in plan.folder.parent.rglob("model.safetensors.part"))
    partial.write_bytes((artifact / "model.safetensors").read_bytes()[:100])
    assert (pull(plan_pull(TOY)) / "model.safetensors").stat().st_size == plan.weights.size


def test_a_header_that_drips_is_given_up(
    run: Run, hub: HubServer, artifact: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(hub, artifact)
    monkeypatch.setattr("genzoo.hub.weight_headers.ANSWER", 0.4)
    hub.faults.where, hub.faults.drip_head = r"/resolve/.*safetensors", 0.05
    assert "is too slow: a header was not whole" in run("info", NAME, code=1).stderr


def test_an_upload_that_is_not_answered_is_given_up(
    here: Run, hub: HubServer, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("genzoo.hub.push.UPLOAD", 0.5)
    hub.faults.where, hub.faults.drip_head = "preupload", 0.05
    assert "is too slow" in here("push", "artifact", NAME, code=1).stderr


def test_a_server_that_cannot_send_parts_sends_all_of_it_again(
    hub: HubServer, artifact: Path
) -> None:
    publish(hub, artifact)
    plan = plan_pull(TOY)
    content = (artifact / "model.safetensors").read_bytes()
    begun = plan.folder.with_name(f".{plan.folder.name}.part") / "model.safetensors.part"
    begun.write_bytes(b"other bytes")
    hub.faults.where, hub.faults.answer = r"/resolve/.*/model", (200, {}, content)
    assert (pull(plan) / "model.safetensors").read_bytes() == content


def test_a_listing_leaves_out_what_is_no_name_of_a_model(run: Run, hub: HubServer) -> None:
    rows = [{"id": "a/b; rm -rf ~"}, {"id": 5}, {"id": NAME, "tags": "x", "downloads": "many"}]
    hub.faults.answer = (200, JSON, json.dumps(rows).encode())
    result = run("models", "--hub", "-q")
    assert result.stdout.split() == [NAME]
    assert "rm -rf" not in run("models", "--hub").output


def test_asking_costs_no_request_that_was_not_meant(run: Run, hub: HubServer) -> None:
    run("models", "--hub")
    assert hub.requests == ["GET /api/models"]


def test_what_a_server_says_in_its_headers_does_not_reach_the_terminal(
    hub: HubServer, artifact: Path, tmp_path: Path
) -> None:
    headers = {**JSON, "X-HF-Warning": "update; \x9b2JType: curl evil", "X-Error-Message": "\x9b2J"}
    headers["X-Error-Code"] = "RepoNotFound"
    hub.faults.answer = (404, headers, b'{"error": "\\u001b[2J"}')
    for words in (["pull", NAME], ["push", str(artifact), NAME]):
        result = subprocess.run(
            [sys.executable, "-m", "genzoo", *words, "--debug"],
            capture_output=True,
            env={**os.environ, "HF_TOKEN": TOKEN, "GENZOO_CACHE": str(tmp_path / "cache")},
            text=True,
            check=False,
        )
        assert result.returncode in (1, 2)
        assert "Traceback" in result.stderr
        assert not set(result.stderr) & {"\x1b", "\x9b"}
        assert "Type: curl" not in result.stderr
