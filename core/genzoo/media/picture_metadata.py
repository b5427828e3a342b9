"""Pictures apart from what is told about them: EXIF, colour profiles, comments.

What is told about a picture may be damaged, or written by careless software, while its pixels are
sound. Pillow refuses some of such files.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator

ORIENTATION = 0x112
"""The tag of EXIF, and of TIFF, that says how a picture is to be turned (1 to 8)."""

PNG, RIFF = b"\x89PNG\r\n\x1a\n", b"RIFF"

PNG_PIXELS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
WEBP_PIXELS = (b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF")
WEBP_TOLD = 0x20 | 0x08 | 0x04
"""Flags of VP8X: there is a colour profile, EXIF, XMP."""

JPEG_TOLD = (*range(0xE1, 0xEE), 0xEF, 0xFE)
"""Segments of a JPEG without which its pixels are the same: APPn, but those of JFIF and Adobe, and
comments."""

TIFF_PIXELS = frozenset(
    [
        *(254, 255, 256, 257, 258, 259, 262, 266, 273, 274, 277, 278, 279, 284, 292, 293, 317, 320),
        *(322, 323, 324, 325, 330, 332, 334, 338, 339, 340, 341, 347, 512, 513, 514, 519, 520, 521),
        *(529, 530, 531, 532),
    ]
)
"""Tags of TIFF that say how pixels are stored, and how they are turned."""

AVIF_TOLD = re.compile(rb"(?s)(infe\x02.{7})(?:Exif|mime)")
"""Items of an AVIF that hold EXIF or XMP."""


def orientation_of(exif: bytes) -> int | None:
    """The orientation that EXIF says, whatever else in it is damaged; None where it says none.

    Args:
        exif: As a TIFF structure, with or without `Exif` and two zeros before it.
    """
    tiff = exif.removeprefix(b"Exif\0\0")
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None or len(tiff) < 8:
        return None
    (start,) = struct.unpack_from(f"{order}I", tiff, 4)
    for tag, kind, count, place in _entries(tiff, start, order):
        if tag == ORIENTATION and count == 1 and kind in (3, 4):
            (value,) = struct.unpack_from(f"{order}{'H' if kind == 3 else 'I'}", tiff, place)
            return value if 1 <= value <= 8 else None
    return None


def pixels_only(content: bytes) -> tuple[bytes, bytes] | None:
    """A picture's file without what is told about its pixels, and its EXIF, empty for none.

    None where nothing can be left out: for other formats, and where the file is damaged otherwise.
    """
    try:
        return _stripper(content)(content)
    except (IndexError, ValueError, struct.error):
        return None


def _stripper(content: bytes) -> Callable[[bytes], tuple[bytes, bytes]]:
    if content.startswith(PNG):
        return _of_png
    if content.startswith(b"\xff\xd8"):
        return _of_jpeg
    if content.startswith(RIFF) and content[8:12] == b"WEBP":
        return _of_webp
    if content[:4] in (b"II*\0", b"MM\0*"):
        return _of_tiff
    if content[4:8] == b"ftyp":
        return _of_avif
    raise ValueError("another format")


def _of_png(content: bytes) -> tuple[bytes, bytes]:
    kept, exif, place = [PNG], b"", len(PNG)
    while place < len(content):
        size, name = struct.unpack_from(">I4s", content, place)
        if name in PNG_PIXELS:
            kept.append(content[place : place + 12 + size])
        elif name == b"eXIf":
            exif = content[place + 8 : place + 8 + size]
        place += 12 + size
    return b"".join(kept), exif


def _of_jpeg(content: bytes) -> tuple[bytes, bytes]:
    kept, exif, place = [content[:2]], b"", 2
    while content[place + 1] != 0xDA:  # the pixels follow
        mark, code, size = struct.unpack_from(">BBH", content, place)
        if mark != 0xFF:
            raise ValueError("no segment begins here")
        segment = content[place : place + 2 + size]
        if code not in JPEG_TOLD:
            kept.append(segment)
        elif segment[4:10] == b"Exif\0\0":
            exif = exif or segment[10:]
        place += len(segment)
    return b"".join([*kept, content[place:]]), exif


def _of_webp(content: bytes) -> tuple[bytes, bytes]:
    kept, exif, place = [b"WEBP"], b"", 12
    while place + 8 <= len(content):
        name, size = struct.unpack_from("<4sI", content, place)
        chunk = content[place : place + 8 + size + size % 2]
        if name == b"VP8X":
            chunk = chunk[:8] + bytes([chunk[8] & ~WEBP_TOLD]) + chunk[9:]
        if name in WEBP_PIXELS:
            kept.append(chunk)
        elif name == b"EXIF":
            exif = chunk[8 : 8 + size]
        place += len(chunk)
    body = b"".join(kept)
    return RIFF + struct.pack("<I", len(body)) + body, exif


def _of_tiff(content: bytes) -> tuple[bytes, bytes]:
    """The same with another directory at its end: what it points to lies where it lay."""
    order = "<" if content.startswith(b"II") else ">"
    (start,) = struct.unpack_from(f"{order}I", content, 4)
    kept = [
        content[place - 8 : place + 4]
        for tag, _, _, place in _entries(content, start, order)
        if tag in TIFF_PIXELS
    ]
    end = len(content) + len(content) % 2
    directory = struct.pack(f"{order}H", len(kept)) + b"".join(kept) + bytes(4)
    head = content[:4] + struct.pack(f"{order}I", end)
    return head + content[8:].ljust(end - 8, b"\0") + directory, b""


def _of_avif(content: bytes) -> tuple[bytes, bytes]:
    return AVIF_TOLD.sub(rb"\1free", content), b""


def _entries(tiff: bytes, start: int, order: str) -> Iterator[tuple[int, int, int, int]]:
    """Tag, type, number of values, and place of the value or its offset, of a directory's entries.

    An entry that is cut off ends it.
    """
    if start + 2 > len(tiff):
        return
    (count,) = struct.unpack_from(f"{order}H", tiff, start)
    for place in range(start + 2, start + 2 + 12 * count, 12):
        if place + 12 > len(tiff):
            return
        tag, kind, number = struct.unpack_from(f"{order}HHI", tiff, place)
        yield tag, kind, number, place + 8
