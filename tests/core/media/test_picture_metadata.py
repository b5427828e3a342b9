"""What is told about a picture may be damaged; its pixels, and how it is turned, come through."""

from __future__ import annotations

import io
import struct
import zlib
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from image_data import image_kind, open_images
from PIL import Image, ImageCms, PngImagePlugin

from genzoo.data.decoding import quiet_decoding
from genzoo.interfaces.decoded import UndecodableError
from genzoo.media import image_decoding
from genzoo.media.image_decoding import DecodeSettings, decode_file, read_size
from genzoo.media.picture_metadata import orientation_of, pixels_only

EIGHT = DecodeSettings(8)
VALUES = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
PICTURE = Image.fromarray(VALUES)
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
XMP = b"<x:xmpmeta><tiff:Orientation>3</tiff:Orientation></x:xmpmeta>"
TURNED = np.rot90(VALUES, 3)
"""As orientation 6 shows it."""


def saved(kind: str, picture: Image.Image = PICTURE, **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def read(content: bytes) -> np.ndarray:
    with quiet_decoding():
        return decode_file(io.BytesIO(content), EIGHT).pixels


def exif(*entries: tuple[int, int, int, int], order: str = "<") -> bytes:
    """EXIF with those tags, types, counts and values; a value is an offset where it is large."""
    mark = b"II*\0" if order == "<" else b"MM\0*"
    packed = b""
    for tag, kind, count, value in entries:
        width = "HH" if kind == 3 else "I"
        values = (value, 0) if kind == 3 else (value,)
        packed += struct.pack(f"{order}HHI{width}", tag, kind, count, *values)
    head = mark + struct.pack(f"{order}I", 8) + struct.pack(f"{order}H", len(entries))
    return b"Exif\0\0" + head + packed + bytes(4) + struct.pack(f"{order}ii", -1, 0)


SIX = (0x112, 3, 1, 6)
BROKEN = {
    "a fraction over nothing": exif(SIX, (0x11A, 10, 1, 38)),
    "a value far beyond the end, before the orientation": exif((0x10F, 2, 9, 10**9), SIX),
    "a type that there is not": exif((0x10F, 99, 9, 1), SIX),
    "a count beyond all sense": exif((0x10F, 5, 2**32 - 1, 26), SIX),
    "another directory that points to itself": exif(SIX, (0x8769, 4, 1, 8)),
    "another directory beyond the end": exif(SIX, (0x8769, 4, 1, 2**31), (0x8825, 4, 1, 2**31)),
    "an end in the middle of a tag": exif(SIX, (0x11A, 10, 1, 38))[:-24],
    "the other order of bytes": exif((0x10F, 99, 9, 1), SIX, order=">"),
}


@pytest.mark.parametrize("told", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_a_bad_tag_costs_the_tag_and_the_orientation_is_honoured(kind, told):
    content = saved(kind, exif=told, **({"lossless": True} if kind == "WEBP" else {}))
    assert (read(content) == TURNED).all()


@pytest.mark.parametrize("told", BROKEN.values(), ids=BROKEN)
def test_a_bad_tag_costs_the_tag_in_a_jpeg_too(told):
    sound = saved("JPEG", exif=exif(SIX))
    segment = b"\xff\xe1" + struct.pack(">H", len(told) + 2) + told
    plain = saved("JPEG")
    assert (read(plain[:2] + segment + plain[2:]) == read(sound)).all()
    assert (read(sound) == np.rot90(read(plain), 3)).all()


@pytest.mark.parametrize("value", range(1, 9))
def test_every_orientation_is_as_pillow_shows_it(value):
    from PIL import ImageOps

    content = saved("PNG", exif=exif((0x112, 3, 1, value)))
    with Image.open(io.BytesIO(content)) as image:
        assert (read(content) == np.asarray(ImageOps.exif_transpose(image))).all()


@pytest.mark.parametrize("value", [0, 9, 255])
def test_an_orientation_that_there_is_not_turns_nothing(value):
    assert (read(saved("PNG", exif=exif((0x112, 3, 1, value)))) == VALUES).all()


@pytest.mark.parametrize(
    "told", [b"", b"Exif\0\0", b"Exif\0\0nonsense", exif(SIX)[:12], b"\xff" * 99]
)
def test_exif_that_is_none_turns_nothing(told):
    assert orientation_of(told) is None
    assert (read(saved("PNG", exif=told or b"x")) == VALUES).all()


def test_xmp_says_how_a_picture_is_turned_where_exif_does_not():
    content = saved("WEBP", xmp=XMP, lossless=True)
    assert (read(content) == np.rot90(VALUES, 2)).all()


@given(st.binary(max_size=200))
def test_any_bytes_for_exif_give_an_orientation_or_none(told):
    assert orientation_of(told) in (None, *range(1, 9))
    assert orientation_of(b"II*\0" + told) in (None, *range(1, 9))


def chunk(name: bytes, data: bytes, damaged: bool = False) -> bytes:
    check = zlib.crc32(name + data) ^ damaged
    return struct.pack(">I4s", len(data), name) + data + struct.pack(">I", check)


CHUNKS = {
    "text with a bad checksum": chunk(b"tEXt", b"a\0b", damaged=True),
    "text of a compression that there is not": chunk(b"zTXt", b"a\0\x07b"),
    "text that unfolds to more than Pillow takes": chunk(
        b"zTXt", b"a\0\0" + zlib.compress(bytes(2**24))
    ),
    "a profile of a compression that there is not": chunk(b"iCCP", b"a\0\x07b"),
    "a large profile": chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(2**21))),
    "a profile with a bad checksum": chunk(
        b"iCCP", b"a\0\0" + zlib.compress(PROFILE), damaged=True
    ),
    "a size that is too short": chunk(b"pHYs", b"ab"),
    "a gamma that is too short": chunk(b"gAMA", b""),
    "a rendering that is none": chunk(b"sRGB", b""),
    "a chunk that nobody knows, with a bad checksum": chunk(b"zzZz", b"?", damaged=True),
}


@pytest.mark.parametrize("told", CHUNKS.values(), ids=CHUNKS)
def test_a_bad_chunk_of_a_png_costs_the_chunk(told):
    plain = saved("PNG", exif=exif(SIX))
    content = plain[:33] + told + plain[33:]  # after the signature and IHDR
    assert (read(content) == TURNED).all()


def test_a_bad_chunk_costs_neither_palette_nor_transparency():
    picture = PICTURE.quantize(4)
    plain = saved("PNG", picture, transparency=bytes([0, 255, 255, 255]))
    content = plain[:33] + CHUNKS["text with a bad checksum"] + plain[33:]
    assert (read(content) == read(plain)).all()
    assert (read(plain) != np.asarray(picture.convert("RGB"))).any()


SEGMENTS = {
    "several pictures that are not there": (0xE2, b"MPF\0II*\0\x08\0\0\0\x01\0\x01\xb0\x09\0\0\0"),
    "a profile without a number": (0xE2, b"ICC_PROFILE\0"),
    "a part of a profile that is missing": (0xE2, b"ICC_PROFILE\0\x05\x09abc"),
    "a damaged resource of Photoshop": (0xED, b"Photoshop 3.0\x008BIM\x03\xed\xff\xff"),
    "EXIF that is none": (0xE1, b"Exif\0\0MX\0*"),
    "a comment": (0xFE, b"\xff\xfe"),
}


@pytest.mark.parametrize(("code", "data"), SEGMENTS.values(), ids=SEGMENTS)
def test_a_bad_segment_of_a_jpeg_costs_the_segment(code, data):
    plain = saved("JPEG")
    segment = struct.pack(">BBH", 0xFF, code, len(data) + 2) + data
    assert (read(plain[:2] + segment + plain[2:]) == read(plain)).all()


def test_the_colours_of_a_cmyk_jpeg_survive_without_what_is_told(monkeypatch):
    plain = saved("JPEG", Image.new("CMYK", (8, 8), (0, 255, 255, 0)))
    expected = read(plain)
    bare = pixels_only(plain)
    assert bare is not None
    assert (read(bare[0]) == expected).all()


def test_a_bad_tag_of_a_tiff_costs_the_tag():
    plain = saved("TIFF", tiffinfo={0x10F: "maker" * 9, 0x112: 6})
    assert (read(plain) == TURNED).all()
    at = plain.index(struct.pack("<HH", 0x10F, 2))
    far = plain[: at + 8] + struct.pack("<I", 10**9) + plain[at + 12 :]
    assert (read(far) == TURNED).all()
    type_of_none = plain[: at + 2] + b"\xff\xff" + plain[at + 4 :]
    assert (read(type_of_none) == TURNED).all()


def test_bad_exif_costs_a_webp_and_an_avif_nothing():
    for kind, options in (("WEBP", {"lossless": True}), ("AVIF", {"quality": 100})):
        plain = saved(kind, icc_profile=PROFILE, **options)
        sound = saved(kind, icc_profile=PROFILE, exif=exif((0x10F, 2, 4, 0)), **options)
        at = sound.rindex(b"II*\0")
        damaged = sound[:at] + b"XX*\0" + sound[at + 4 :]
        assert (read(damaged) == read(plain)).all()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "AVIF"])
def test_without_what_is_told_the_pixels_are_the_same(kind):
    told = {"exif": exif((0x10F, 2, 4, 0)), "icc_profile": PROFILE}
    if kind == "TIFF":
        told = {"tiffinfo": {0x10F: "maker" * 9}, "icc_profile": PROFILE}
    if kind == "PNG":
        told["pnginfo"] = PngImagePlugin.PngInfo()
        told["pnginfo"].add_text("a", "b" * 99, zip=True)
    bare = pixels_only(saved(kind, **told))
    assert bare is not None
    assert (read(bare[0]) == read(saved(kind))).all()
    assert PROFILE not in bare[0] or kind in ("TIFF", "AVIF")
    assert b"maker" not in bare[1]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(["PNG", "JPEG", "WEBP", "TIFF", "AVIF"]), st.data())
def test_any_damage_is_read_or_refused_in_words(kind, data):
    told = {} if kind == "TIFF" else {"exif": exif(SIX)}
    content = bytearray(saved(kind, icc_profile=PROFILE, **told))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with suppress(UndecodableError):
        assert read(bytes(content)).shape == (8, 8, 3)


def test_a_picture_of_more_pixels_than_allowed_names_the_option_that_allows_them():
    content = saved("PNG", Image.new("L", (40, 25)))
    with pytest.raises(UndecodableError, match=r"1,000 pixels: --max-pixels, now 999,"):
        decode_file(io.BytesIO(content), DecodeSettings(8, max_pixels=999))
    assert decode_file(io.BytesIO(content), DecodeSettings(8, max_pixels=1000)).pixels.shape


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "GIF", "BMP"])
def test_the_limit_is_genzoos_own_not_pillows(kind, monkeypatch):
    content = saved(kind, Image.new("RGB", (40, 25), "red"))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with quiet_decoding():
        assert decode_file(io.BytesIO(content), DecodeSettings(8, max_pixels=1000)).pixels.shape
        with pytest.raises(UndecodableError, match="--max-pixels, now 400,"):
            decode_file(io.BytesIO(content), DecodeSettings(8, max_pixels=400))
    assert Image.MAX_IMAGE_PIXELS == 10


def test_a_photograph_of_200_megapixels_is_within_the_limit(tmp_path, monkeypatch):
    assert image_decoding.MAX_PIXELS >= 16320 * 12240
    path = tmp_path / "photo.jpg"
    path.write_bytes(saved("JPEG", Image.new("L", (16320, 12240), 7)))
    with quiet_decoding():
        assert read_size(path) == (16320, 12240)
        assert (decode_file(path, EIGHT).pixels == 7).all()


def test_the_limit_is_an_option_of_the_data(tmp_path):
    for number, size in enumerate([(8, 8), (40, 25)]):
        Image.new("RGB", size).save(tmp_path / f"{number}.png")
    notes = open_images(tmp_path, cache=tmp_path / "cache", size=8, max_pixels=64).notes
    assert notes == (
        "Skipped 1 file that cannot be read as an image: 1.png (it has 1,000 pixels: "
        "--max-pixels, now 64, has to be raised).",
    )
    assert len(open_images(tmp_path, cache=tmp_path / "cache", size=8)) == 2
    assert image_kind(max_pixels=10**9).settings.max_pixels == 10**9
