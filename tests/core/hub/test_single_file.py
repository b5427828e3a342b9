"""One file of a repository, by address."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from click.testing import Result
from hub_server import HubServer

from genzoo.errors import DataError, HubError, UnknownNameError, UsageError
from genzoo.evaluation.published_weights import published_weights
from genzoo.hub.single_file import HubFile, as_hub_file, fetch_hub_file, here

Run = Callable[..., Result]

ADDRESS = "hf://someone/weights/nested/some.pth"


@pytest.fixture
def content(hub: HubServer) -> bytes:
    """Of the file that is at `ADDRESS`, larger than what git keeps itself."""
    content = bytes(range(256)) * 64
    hub.add("someone/weights").put("nested/some.pth", content)
    return content


def test_an_address_names_repository_revision_and_file() -> None:
    file = as_hub_file("hf://someone/weights@v1/nested/some.pth")
    assert isinstance(file, HubFile)
    assert str(file.repository) == "someone/weights@v1"
    assert file.name == "nested/some.pth"
    assert as_hub_file("someone/weights/some.pth") is None


@pytest.mark.parametrize(
    "text",
    [
        "hf://",
        "hf://weights",
        "hf://someone/weights",
        "hf://someone/weights/",
        "hf://someone/weights/../some.pth",
        "hf://someone/weights/a//b",
        "hf://some one/weights/a",
        "hf://someone/weights@/a",
    ],
)
def test_other_addresses_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="not an address of a file") as caught:
        here(text)
    assert "hf://OWNER/NAME/FILE" in caught.value.hint


def test_it_is_fetched_once(hub: HubServer, content: bytes) -> None:
    path = here(ADDRESS)
    assert path.read_bytes() == content
    assert len(hub.downloads()) == 1
    assert here(ADDRESS) == path
    assert len(hub.downloads()) == 1


def test_a_path_stays_a_path(tmp_path: Path) -> None:
    assert here(tmp_path / "a.pth") == tmp_path / "a.pth"
    assert here("a.pth") == Path("a.pth")


@pytest.mark.usefixtures("content")
def test_what_is_not_there_is_named() -> None:
    with pytest.raises(UnknownNameError, match=r"has no file 'other\.pth'"):
        here("hf://someone/weights/other.pth")
    with pytest.raises(UnknownNameError, match="no revision 'v9'"):
        here("hf://someone/weights@v9/nested/some.pth")


def test_what_arrives_in_part_is_not_kept(
    hub: HubServer, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("genzoo.hub.download.PAUSE", 0.0)
    hub.faults.drop_after = len(content) // 2
    hub.faults.drops_for_good = True
    file = as_hub_file(ADDRESS)
    assert file is not None
    with pytest.raises(HubError):
        fetch_hub_file(file)
    hub.faults.drop_after, hub.faults.drops_for_good = None, False
    assert fetch_hub_file(file).read_bytes() == content


def test_published_weights_come_from_the_hub(hub: HubServer, tmp_path: Path) -> None:
    tensor = torch.randn(2, 3, generator=torch.Generator().manual_seed(0))
    torch.save({"layer.weight": tensor}, tmp_path / "weights.pth")
    weights = (tmp_path / "weights.pth").read_bytes()
    hub.add("someone/fid").put("weights.pth", weights)
    digest = hashlib.sha256(weights).hexdigest()
    found = published_weights(digest, here("hf://someone/fid/weights.pth"), "")
    torch.testing.assert_close(found, {"layer.weight": tensor}, rtol=0, atol=0)


def test_another_file_than_the_published_one_is_refused(content: bytes) -> None:
    with pytest.raises(DataError, match="not the file of weights"):
        published_weights(64 * "0", here(ADDRESS), "")
