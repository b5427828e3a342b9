"""A Hub on loopback, and the real client pointed at it: import it before huggingface_hub."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hub_server import TOKEN, HubServer

# The client reads these when it is imported, so they must stand before any test imports it.
SERVER = HubServer()
os.environ |= {
    "HF_ENDPOINT": SERVER.url,
    "HF_HUB_DISABLE_XET": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HOME": tempfile.mkdtemp(prefix="hf-home-"),
}


@pytest.fixture(scope="session")
def _serving() -> Iterator[None]:
    from huggingface_hub import constants

    assert SERVER.url == constants.ENDPOINT
    SERVER.start()
    yield
    SERVER.stop()


@pytest.fixture
def hub(_serving: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    """An empty Hub, reached without a token and with an empty cache."""
    monkeypatch.setenv("GENZOO_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    SERVER.reset()
    yield SERVER
    SERVER.reset()


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch) -> str:
    """Log the owner in."""
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    return TOKEN
