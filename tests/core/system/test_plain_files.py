"""Files of strangers are read up to a bound, and only where they are files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from genzoo.errors import UsageError
from genzoo.system.plain_files import read_plain, refuse_links


def test_only_plain_files_are_read_and_no_more_than_the_bound(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12345")
    assert read_plain(tmp_path / "file", 5) == b"12345"
    (tmp_path / "link").symlink_to("file")
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "pipe", ".", "absent"):
        with pytest.raises(OSError, match=r"."):
            read_plain(tmp_path / name)
    for path in (tmp_path / "file", Path("/dev/zero")):
        with pytest.raises(OSError, match=r"too large|not a plain file"):
            read_plain(path, 4)


def test_links_are_refused_at_the_top_and_below_what_is_named(tmp_path: Path) -> None:
    for name in ("mine", "theirs"):
        (tmp_path / name / "deep").mkdir(parents=True)
    refuse_links(tmp_path, ("mine",))
    (tmp_path / "theirs" / "deep" / "link").symlink_to("/")
    refuse_links(tmp_path, ("mine",))
    (tmp_path / "mine" / "deep" / "link").symlink_to("/")
    with pytest.raises(UsageError, match="mine/deep/link' is a link"):
        refuse_links(tmp_path, ("mine",))
