"""What a pulled model consisted of when it was pulled, so that what was altered since is noticed.

A model's `config.json` lists its weights, but not itself nor the card; models of other software
list nothing. So size and SHA-256 of what is not listed are kept beside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pydantic import Field, ValidationError

from genzoo.artifact.file_hashes import check_file_once, describe_file
from genzoo.artifact.format import ArtifactConfig, FileRecord, Section
from genzoo.errors import ArtifactError
from genzoo.hub.allowed_files import RemoteFile
from genzoo.hub.reference import HubReference
from genzoo.system.atomic_files import atomic_write

PULLED = ".pulled.json"

_MAX_BYTES = 16 << 20


class Pulled(Section):
    """The content of the file: size and SHA-256 by path below the model's folder."""

    files: dict[str, FileRecord] = Field(max_length=10_000)


def record_pulled(folder: Path, files: Iterable[RemoteFile], config: ArtifactConfig | None) -> None:
    """Keep what the verified files in `folder` are, those apart that the model itself lists.

    Raises:
        StorageError: It cannot be written.
    """
    listed = config.files if config else {}
    records = {
        file.name: FileRecord(sha256=file.sha256, size=file.size)
        if file.sha256
        else describe_file(folder / file.name)
        for file in files
        if file.name not in listed
    }
    with atomic_write(folder / PULLED) as temporary:
        temporary.write_text(Pulled(files=records).model_dump_json(indent=2) + "\n", "utf-8")


def check_pulled(folder: Path, reference: HubReference) -> Path:
    """The folder of a pulled model, if it is as it was pulled. Large files are read once a change.

    Raises:
        ArtifactError: A file is missing or was altered.
    """
    hint = f"Pull it again: genzoo pull {reference}"
    try:
        with (folder / PULLED).open("rb") as file:
            kept = Pulled.model_validate_json(file.read(_MAX_BYTES))
    except FileNotFoundError:
        return folder  # pulled by an earlier genzoo
    except (OSError, ValidationError):
        raise ArtifactError(f"'{folder / PULLED}' was altered.", hint) from None
    for name, record in kept.files.items():
        try:
            check_file_once(folder / name, record)
        except ArtifactError as error:
            raise ArtifactError(error.message, hint) from error
    return folder
