"""From the name of data that lie elsewhere to their source."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from genzoo.data.file_source import FileSource
from genzoo.data.hub_datasets import PREFIX
from genzoo.data.remote import WINDOW
from genzoo.data.remote.addresses import classes_beside, files_at, is_address
from genzoo.data.remote.connection import shown
from genzoo.data.remote.hub import TABLES, TARS, hub_files
from genzoo.data.remote.reader import Patience
from genzoo.data.remote.table_source import RemoteTables
from genzoo.data.remote.tar_source import RemoteShards
from genzoo.interfaces.kind import Kind


def remote_source(
    data: str,
    kind: Kind,
    cache: Path,
    window: int = WINDOW,
    note: Callable[[str], None] | None = None,
) -> FileSource | None:
    """The source of data that are not brought here as a whole; None for those of this machine.

    Args:
        data: What the user typed.
        kind: What they hold.
        cache: Where a few shards at a time lie.
        window: Shards that are mixed at a time.
        note: Hears of interruptions, and of what takes long.

    Raises:
        DataError: They cannot be had.
        StorageError: The cache cannot be written.
        UsageError: An address that means no shards.
    """
    note = note or (lambda text: None)
    patience = Patience(note)
    if is_address(data):
        files, data = files_at(data, patience), shown(data)
    elif data.startswith(PREFIX):
        found = hub_files(data, kind)
        if found.format == TABLES:
            return RemoteTables(
                found.files, found.features, data, kind, cache, window, patience, note
            )
        if found.format != TARS:
            return None
        files = found.files
    else:
        return None
    classes = classes_beside(files[0], patience)
    return RemoteShards(files, data, kind, classes, cache, window, patience, note)
