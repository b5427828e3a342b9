"""What is kept of a shard, and for whom."""

from __future__ import annotations

from pathlib import Path

from shard_writer import picture, write_shard

from genzoo import Kind, SourceRequest
from genzoo.media.image_kind import ImageKind
from genzoo.media.image_options import ImageOptions
from genzoo_sources.shard_index import ShardIndex, kept_index, read_shard


class Wider(ImageKind):
    """A newer version, which reads more of the files."""

    reads = (*ImageKind.reads, ".extra")


def test_an_index_is_kept_for_one_shard_and_what_the_kind_reads_of_it(tmp_path: Path) -> None:
    shard = write_shard(tmp_path / "a.tar", {"0.png": picture(0)})
    looks: list[tuple[str, Kind]] = []

    def kept(identity: str, kind: Kind) -> ShardIndex:
        def look() -> ShardIndex:
            looks.append((identity, kind))
            return read_shard(shard, kind)

        return kept_index(identity, SourceRequest("a.tar", kind, tmp_path / "cache"), look)

    plain, wider = ImageKind(ImageOptions()), Wider(ImageOptions())
    for _ in range(2):
        for identity, kind in (("one", plain), ("one", wider), ("two", plain)):
            assert list(kept(identity, kind).names) == [b"0.png"]
    assert looks == [("one", plain), ("one", wider), ("two", plain)]
