"""Repositories in memory, as the Hugging Face Hub keeps them: commits, branches, large files."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

LARGE = (".safetensors", ".pth", ".png", ".wav")
"""Endings of files that are kept as large files."""


@dataclass(frozen=True)
class Blob:
    """The content of a file, and what the listing claims about it."""

    content: bytes
    large: bool
    claimed_size: int | None = None
    claimed_sha256: str | None = None

    @property
    def size(self) -> int:
        return len(self.content) if self.claimed_size is None else self.claimed_size

    @property
    def sha256(self) -> str:
        return self.claimed_sha256 or hashlib.sha256(self.content).hexdigest()

    @property
    def oid(self) -> str:
        """The id that git has for it."""
        return hashlib.sha1(b"blob %d\0" % len(self.content) + self.content).hexdigest()

    @property
    def etag(self) -> str:
        return self.sha256 if self.large else self.oid

    def described(self, path: str) -> dict[str, Any]:
        """Its row in a listing of files."""
        row: dict[str, Any] = {"rfilename": path, "size": self.size, "blobId": self.oid}
        if self.large:
            row["lfs"] = {"size": self.size, "sha256": self.sha256, "pointerSize": 130}
        return row

    def in_tree(self, path: str) -> dict[str, Any]:
        """Its row in a tree."""
        row: dict[str, Any] = {"type": "file", "path": path, "size": self.size, "oid": self.oid}
        if self.large:
            row["lfs"] = {"size": self.size, "oid": self.sha256, "pointerSize": 130}
        return row


@dataclass(frozen=True)
class Commit:
    id: str
    title: str
    files: Mapping[str, Blob]


@dataclass
class Repository:
    """One model's repository.

    Attributes:
        refs: Branches, tags and pull requests, each with its commit.
        large: Uploaded large files by SHA-256.
    """

    name: str
    private: bool = False
    card: dict[str, Any] = field(default_factory=dict)
    commits: dict[str, Commit] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)
    large: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.change({".gitattributes": Blob(b"*.safetensors filter=lfs\n", False)}, title="initial")

    def find(self, revision: str) -> Commit | None:
        """The commit of a branch, a tag or a commit's id."""
        return self.commits.get(self.refs.get(revision, revision))

    def change(
        self,
        added: Mapping[str, Blob],
        deleted: Iterable[str] = (),
        *,
        title: str = "change",
        branch: str = "main",
    ) -> Commit:
        """Commit to a branch."""
        before = self.find(branch)
        files = {**(before.files if before else {}), **added}
        for path in deleted:
            files.pop(path, None)
        # The client remembers trees by commit: an id must never come back.
        commit = Commit(secrets.token_hex(20), title, files)
        self.commits[commit.id] = commit
        self.refs[branch] = commit.id
        return commit

    def put(self, path: str, content: bytes, **claims: Any) -> Commit:
        """Commit one file; `claims` are lies about it."""
        return self.change({path: Blob(content, path.endswith(LARGE), **claims)})

    def described(self, commit: Commit, *, with_files: bool) -> dict[str, Any]:
        """What the Hub says of a model."""
        rows = [
            blob.described(path) if with_files else {"rfilename": path}
            for path, blob in commit.files.items()
        ]
        return {
            "id": self.name,
            "modelId": self.name,
            "sha": commit.id,
            "private": self.private,
            "gated": False,
            "disabled": False,
            "downloads": 3,
            "likes": 0,
            "library_name": self.card.get("library_name"),
            "pipeline_tag": self.card.get("pipeline_tag"),
            "tags": self.tags,
            "cardData": self.card,
            "siblings": rows,
            "lastModified": "2026-01-02T03:04:05.000Z",
            "createdAt": "2026-01-02T03:04:05.000Z",
        }

    @property
    def tags(self) -> list[str]:
        """Those of the card, with the library and the licence, as the Hub makes them."""
        licence = self.card.get("license")
        extra = [f"license:{licence}"] if licence else []
        library = self.card.get("library_name")
        return [
            *dict.fromkeys([*([library] if library else []), *self.card.get("tags", ()), *extra])
        ]
