"""A process that decodes files for another: `python -m genzoo.data.decoder_process`.

It reads lines of JSON on stdin, first the kind, then lists of files: the path of one, or
`[name, size]` where its bytes follow the line. For each list it answers with a line of JSON that
has `[rows, remarks, labels, counts]` or a reason for each file, and with the bytes of the rows. It
ends when stdin does.

A plain subprocess, because multiprocessing would run the user's script again in each worker, and
because a decoder that crashes then takes no more than its worker down.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, BinaryIO

from genzoo.data.decoding import attempt, quiet_decoding
from genzoo.interfaces.data_source import Content, Encoded, Outcome
from genzoo.interfaces.decoded import Decoded
from genzoo.interfaces.kind import Kind
from genzoo.registry import load_target

READY = b"ready\n"


def describe_kind(kind: Kind) -> dict[str, Any]:
    """As JSON, what `restore_kind` needs."""
    return {
        "target": _target(type(kind)),
        "config": _target(type(kind.config)),
        "options": kind.config.model_dump(mode="json"),
    }


def restore_kind(description: dict[str, Any]) -> Kind:
    """The kind that `describe_kind` described."""
    config = load_target(description["config"]).model_validate(description["options"])
    kind: Kind = load_target(description["target"])(config)
    return kind


def serve(requests: BinaryIO, replies: BinaryIO) -> None:
    """Answer until `requests` ends."""
    replies.write(READY)
    replies.flush()
    kind = restore_kind(json.loads(requests.readline()))
    while line := requests.readline():
        files = [_file(each, requests) for each in json.loads(line)]
        outcomes = [attempt(kind, file) for file in files]
        answer = [_answer(each) for each in outcomes]
        content = [each.rows.tobytes() for each in outcomes if isinstance(each, Decoded)]
        replies.write(json.dumps(answer).encode() + b"\n" + b"".join(content))
        replies.flush()


def _answer(outcome: Outcome) -> str | tuple[Any, ...]:
    if not isinstance(outcome, Decoded):
        return str(outcome)
    return len(outcome.rows), outcome.remarks, outcome.labels, dict(outcome.counts)


def _file(description: str | list[Any], requests: BinaryIO) -> Encoded:
    if isinstance(description, str):
        return Path(description)
    name, size = description
    return Content(name, requests.read(size))


def _target(kind: type) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"


if __name__ == "__main__":
    # What a decoder prints must not mix with the answers.
    answers, sys.stdout = sys.stdout.buffer, sys.stderr
    with quiet_decoding():
        serve(sys.stdin.buffer, answers)
