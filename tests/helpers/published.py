"""Models on the Hub of the tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hub_repositories import LARGE, Blob, Repository
from hub_server import HubServer, read_front_matter

NAME = "someone/toy"


def publish(hub: HubServer, artifact: Path, name: str = NAME, **options: Any) -> Repository:
    """Put an artifact on the Hub, as a stranger's push would."""
    repository = hub.add(name, **options)
    files = {
        path.relative_to(artifact).as_posix(): path.read_bytes()
        for path in artifact.rglob("*")
        if path.is_file()
    }
    repository.change({path: blob(path, content) for path, content in files.items()})
    repository.card = read_front_matter(files["README.md"].decode())
    return repository


def blob(path: str, content: bytes) -> Blob:
    return Blob(content, path.endswith(LARGE))


def alter_config(repository: Repository, **changes: Any) -> None:
    """Commit another `config.json`."""
    commit = repository.find("main")
    assert commit is not None
    config = json.loads(commit.files["config.json"].content)
    repository.put("config.json", json.dumps({**config, **changes}).encode())
