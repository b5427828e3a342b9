"""One image of each kind: exact pixels where they are defined exactly."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from image_data import image_kind
from PIL import Image

from genzoo.data.decoding import attempt, quiet_decoding
from genzoo.errors import UsageError
from genzoo.interfaces.decoded import Decoded, UndecodableError
from genzoo.media.image_decoding import DecodeSettings, decode_file, parse_colour

FOUR = DecodeSettings(4)
KIND = image_kind(size=4)
RED = DecodeSettings(4, background=(255, 0, 0))


def pixels(image: Image.Image, path: Path, wanted: DecodeSettings = FOUR, **options) -> np.ndarray:
    image.save(path, **options)
    return decode_file(path, wanted).pixels


def ramp(mode: str, values: np.ndarray) -> Image.Image:
    return Image.frombytes(mode, (4, 4), values.tobytes())


VALUES = np.arange(16, dtype=np.uint8).reshape(4, 4) * 17


def test_rgb_comes_through_unchanged(tmp_path):
    values = np.arange(48, dtype=np.uint8).reshape(4, 4, 3) * 5
    assert (pixels(Image.fromarray(values), tmp_path / "a.png") == values).all()


def test_grey_is_repeated_over_the_channels_and_stays_single_when_asked(tmp_path):
    image = Image.fromarray(VALUES)
    assert (pixels(image, tmp_path / "a.png") == VALUES[..., None].repeat(3, 2)).all()
    alone = pixels(image, tmp_path / "a.png", DecodeSettings(4, channels=1))
    assert alone.shape == (4, 4, 1)
    assert (alone[..., 0] == VALUES).all()


def test_one_bit(tmp_path):
    bits = (VALUES > 100).astype(np.uint8) * 255
    out = pixels(Image.fromarray(bits).convert("1"), tmp_path / "a.png")
    assert (out == bits[..., None]).all()


def exact_over(colour: np.ndarray, alpha: np.ndarray, background: tuple[int, int, int]):
    a = alpha.astype(int)[..., None]
    return (2 * (colour.astype(int) * a + np.array(background) * (255 - a)) + 255) // 510


@pytest.mark.parametrize("background", [(255, 255, 255), (255, 0, 0), (10, 200, 99)])
def test_alpha_is_composited_exactly(tmp_path, background):
    generator = np.random.default_rng(0)
    values = generator.integers(0, 256, (64, 64, 4), np.uint8)
    out = pixels(Image.fromarray(values), tmp_path / "a.png", DecodeSettings(64, 3, background))
    assert (out == exact_over(values[..., :3], values[..., 3], background)).all()


def test_grey_with_alpha(tmp_path):
    values = np.stack([VALUES, VALUES.T], -1)
    out = pixels(Image.fromarray(values, "LA"), tmp_path / "a.png", RED)
    colour = VALUES[..., None].repeat(3, 2)
    assert (out == exact_over(colour, VALUES.T, (255, 0, 0))).all()


def palette_image() -> Image.Image:
    image = Image.fromarray(np.arange(16, dtype=np.uint8).reshape(4, 4) % 3, "L")
    image = Image.frombytes("P", (4, 4), image.tobytes())
    image.putpalette([0, 0, 0, 0, 255, 0, 7, 8, 9])
    return image


def test_palette(tmp_path):
    out = pixels(palette_image(), tmp_path / "a.png")
    assert out[0, 0].tolist() == [0, 0, 0]
    assert out[0, 1].tolist() == [0, 255, 0]
    assert out[0, 2].tolist() == [7, 8, 9]


@pytest.mark.parametrize("transparency", [1, bytes([255, 0, 255])])
def test_palette_with_transparency(tmp_path, transparency):
    out = pixels(palette_image(), tmp_path / "a.png", RED, transparency=transparency)
    assert out[0, 1].tolist() == [255, 0, 0]
    assert out[0, 2].tolist() == [7, 8, 9]


def test_rgb_with_a_transparent_colour(tmp_path):
    values = np.zeros((4, 4, 3), np.uint8)
    values[0, 0] = (1, 2, 3)
    out = pixels(Image.fromarray(values), tmp_path / "a.png", RED, transparency=(1, 2, 3))
    assert out[0, 0].tolist() == [255, 0, 0]
    assert out[1, 1].tolist() == [0, 0, 0]


@pytest.mark.parametrize("suffix", [".jpg", ".tif"])
def test_cmyk(tmp_path, suffix):
    image = Image.new("CMYK", (4, 4), (0, 255, 255, 0))
    out = pixels(image, tmp_path / f"a{suffix}")
    assert np.abs(out.astype(int) - [255, 0, 0]).max() <= 3


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_16_bit_is_scaled_not_clipped(tmp_path, suffix):
    wide = np.array([0, 128, 129, 257, 32767, 32768, 65535, 65406] * 2, np.uint16).reshape(4, 4)
    out = pixels(ramp("I;16", wide), tmp_path / f"a{suffix}")
    assert (out[..., 0] == np.rint(wide / 257)).all()
    assert (out == out[..., :1]).all()


def test_16_bit_pgm(tmp_path):
    wide = np.linspace(0, 65535, 16).astype(">u2")
    (tmp_path / "a.pgm").write_bytes(b"P5 4 4 65535\n" + wide.tobytes())
    out = decode_file(tmp_path / "a.pgm", FOUR).pixels
    assert (out[..., 0].ravel() == np.rint(wide / 257)).all()


def test_16_bit_colour_png_keeps_its_ends(tmp_path):
    image = Image.new("RGB", (4, 4), (0, 255, 128))
    assert (pixels(image, tmp_path / "a.png") == [0, 255, 128]).all()


def test_floats_in_the_unit_interval(tmp_path):
    values = np.linspace(0, 1, 16, dtype=np.float32).reshape(4, 4)
    out = pixels(Image.fromarray(values), tmp_path / "a.tif")
    assert (out[..., 0] == np.rint(values * 255)).all()


@pytest.mark.parametrize("bad", [-1.0, 2.0, np.nan])
def test_floats_without_a_range_are_refused(tmp_path, bad):
    Image.fromarray(np.full((4, 4), bad, np.float32)).save(tmp_path / "a.tif")
    with pytest.raises(UndecodableError, match="outside"):
        decode_file(tmp_path / "a.tif", FOUR)


def test_wide_integers_without_a_range_are_refused(tmp_path):
    Image.fromarray(np.full((4, 4), 70000, np.int32)).save(tmp_path / "a.tif")
    with pytest.raises(UndecodableError, match="outside"):
        decode_file(tmp_path / "a.tif", FOUR)


def test_exif_rotation_is_applied(tmp_path):
    values = np.zeros((4, 4, 3), np.uint8)
    values[0] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # rotate by 90 degrees clockwise to show
    out = pixels(Image.fromarray(values), tmp_path / "a.png", exif=exif)
    assert (out[:, 3] == 255).all()
    assert (out[:, :3] == 0).all()


def test_the_first_frame_of_an_animation(tmp_path):
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    out = pixels(frames[0], tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert (out == [255, 0, 0]).all()


def test_webp(tmp_path):
    values = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    assert (pixels(Image.fromarray(values), tmp_path / "a.webp", lossless=True) == values).all()


@pytest.mark.parametrize(("width", "height"), [(12, 4), (4, 12)])
def test_the_middle_square_is_kept(tmp_path, width, height):
    values = np.zeros((height, width, 3), np.uint8)
    values[(height - 4) // 2 :, (width - 4) // 2 :][:4, :4] = 200
    Image.fromarray(values).save(tmp_path / "a.png")
    decoded = decode_file(tmp_path / "a.png", FOUR)
    assert (decoded.pixels == 200).all()
    assert decoded.cropped
    assert not decoded.enlarged


def test_shrinking_averages(tmp_path):
    checks = (np.indices((64, 64)).sum(0) % 2 * 255).astype(np.uint8)
    out = pixels(Image.fromarray(checks), tmp_path / "a.png")
    assert np.abs(out.astype(int) - 127).max() <= 2


def test_enlarging_is_told(tmp_path):
    Image.new("RGB", (2, 2), "red").save(tmp_path / "a.png")
    decoded = decode_file(tmp_path / "a.png", FOUR)
    assert decoded.enlarged
    assert (decoded.pixels == [255, 0, 0]).all()


def test_a_large_jpeg_matches_its_full_decoding(tmp_path):
    generator = np.random.default_rng(0)
    small = Image.fromarray(generator.integers(0, 256, (16, 16, 3), np.uint8))
    photo = small.resize((1024, 768), Image.Resampling.BICUBIC)
    photo.save(tmp_path / "a.jpg", quality=95)
    photo.save(tmp_path / "a.png")
    wanted = DecodeSettings(32)
    drafted = decode_file(tmp_path / "a.jpg", wanted).pixels.astype(int)
    full = decode_file(tmp_path / "a.png", wanted).pixels.astype(int)
    assert np.abs(drafted - full).mean() < 1.5


def test_reasons(tmp_path):
    (tmp_path / "text").write_text("hello")
    (tmp_path / "empty").write_bytes(b"")
    buffer = io.BytesIO()
    Image.effect_noise((64, 64), 50).save(buffer, "PNG")
    (tmp_path / "cut").write_bytes(buffer.getvalue()[:1000])
    (tmp_path / "whole").write_bytes(buffer.getvalue())
    assert str(attempt(KIND, tmp_path / "text")) == "not an image"
    assert str(attempt(KIND, tmp_path / "empty")) == "not an image"
    assert str(attempt(KIND, tmp_path / "cut")) == "damaged image"
    small = attempt(image_kind(size=4, max_pixels=4095), tmp_path / "whole")
    assert str(small) == "it has 4,096 pixels: --max-pixels, now 4095, has to be raised"


def test_postscript_is_never_run(tmp_path):
    (tmp_path / "a.eps").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 4 4\n%%EOF\n")
    assert str(attempt(KIND, tmp_path / "a.eps")) == "not an image"


@pytest.mark.parametrize(
    ("text", "colour"),
    [("white", (255, 255, 255)), ("#0a0", (0, 170, 0)), ("#01020344", (1, 2, 3))],
)
def test_colours(text, colour):
    assert parse_colour(text) == colour


@pytest.mark.parametrize("text", ["", "whitish", "#12", "255,0,0"])
def test_no_colours(text):
    with pytest.raises(UsageError, match="is not a colour"):
        parse_colour(text)


def _sample(kind: str, mode: str) -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise((24, 16), 60).convert(mode).save(buffer, kind)
    return buffer.getvalue()


SAMPLES = [
    *(_sample("PNG", mode) for mode in ("1", "L", "LA", "P", "RGB", "RGBA")),
    *(_sample("JPEG", mode) for mode in ("L", "RGB", "CMYK")),
    _sample("WEBP", "RGBA"),
    _sample("GIF", "P"),
    _sample("TIFF", "RGB"),
]


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_damaged_bytes_decode_or_are_skipped(tmp_path, data):
    content = bytearray(data.draw(st.sampled_from(SAMPLES)))
    for _ in range(data.draw(st.integers(0, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.integers(0, len(content)))]
    path = tmp_path / "hostile"
    path.write_bytes(content)
    with quiet_decoding():
        outcome = attempt(KIND, path)
    if isinstance(outcome, Decoded):
        assert outcome.rows.shape == (1, 4, 4, 3)
        assert outcome.rows.dtype == np.uint8
    else:
        assert str(outcome)
