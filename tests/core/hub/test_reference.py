"""How a model on the Hub is named."""

from __future__ import annotations

import pytest

from genzoo.errors import UsageError
from genzoo.hub.reference import HubReference, as_reference, parse_reference

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("a/b", HubReference("a", "b")),
        ("some-one/my_model.v2", HubReference("some-one", "my_model.v2")),
        ("a/b@v1", HubReference("a", "b", "v1")),
        ("a/b@refs/pr/3", HubReference("a", "b", "refs/pr/3")),
        (f"a/b@{COMMIT}", HubReference("a", "b", COMMIT)),
        ("a/b/vae", HubReference("a", "b", folder="vae")),
        ("a/b/c/d@v1", HubReference("a", "b", "v1", "c/d")),
    ],
)
def test_what_is_a_name(text: str, reference: HubReference) -> None:
    assert as_reference(text) == reference
    assert str(reference) == text
    assert reference.is_commit == (COMMIT in text)


def test_an_address_is_the_name_after_its_prefix() -> None:
    assert as_reference("hf://a/b@v1") == HubReference("a", "b", "v1")
    assert str(parse_reference("hf://a/b")) == "a/b"


@pytest.mark.parametrize(
    "text",
    [
        "hf:a/b", "hf://", "hf://a", "hf:///a/b", "hf://hf://a/b", "HF://a/b",
        "", "a", "a/", "/b", "a/b/..", "a/b/c--d", "a/b/.c", "a/b/", "../b", "a/..", "a/b@",
        "a/b@..", "a/b@../x", "a/b@/x",
        "a/b@x//y", "a/b@x y", "a/.b", "a--b/c", "-a/b", "a/b@-x", "a\\b", "a/b\n", "ä/b",
        "a" * 200 + "/b",
    ],
)  # fmt: skip
def test_what_is_none(text: str) -> None:
    assert as_reference(text) is None
    with pytest.raises(UsageError, match="is not a name of a model") as caught:
        parse_reference(text)
    assert "OWNER/NAME" in caught.value.hint
