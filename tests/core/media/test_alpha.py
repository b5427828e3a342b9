"""Images whose pixels may be transparent: in rows, in samples, in pictures and measured."""

import io

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from image_data import open_images
from PIL import Image

import genzoo
from genzoo.media.alpha import on_background, premultiplied, straight
from genzoo.media.image_decoding import DecodeSettings, fit
from genzoo.media.image_kind import ImageKind
from genzoo.media.image_options import ImageOptions
from genzoo.specs import SampleSpec

PIXELS = arrays(np.uint8, (1, 2, 3, 4))


@given(PIXELS)
def test_opaque_colours_come_back_exactly_and_others_to_what_alpha_can_tell(rows):
    back = straight(premultiplied(torch.from_numpy(rows)).numpy())
    alpha = rows[..., 3:].astype(int)
    assert (back[..., 3:] == rows[..., 3:]).all()
    error = np.abs(back[..., :3].astype(int) - rows[..., :3]) * alpha
    assert (error <= 255)[np.broadcast_to(alpha > 0, error.shape)].all()
    opaque = (alpha == 255)[..., 0]
    assert (back[opaque] == rows[opaque]).all()
    assert (back[(alpha == 0)[..., 0]][:, :3] == 0).all()


@given(PIXELS, st.tuples(*[st.integers(0, 255)] * 3))
def test_what_is_seen_on_a_background_is_pillows_composite(rows, colour):
    image = Image.fromarray(rows[0])
    canvas = Image.new("RGBA", image.size, (*colour, 255))
    expected = np.asarray(Image.alpha_composite(canvas, image).convert("RGB"), int)
    assert np.abs(on_background(rows, colour)[0].astype(int) - expected).max() <= 1


def test_samples_and_rows_are_inverse_for_every_alpha():
    kind = ImageKind(ImageOptions(size="3x2", channels=4))
    spec = kind.spec()
    rows = np.zeros((1, 2, 3, 4), np.uint8)
    rows[..., 3] = 255
    rows[0, 0, 0] = (10, 200, 30, 255)
    x = kind.samples(torch.from_numpy(rows), spec)
    assert x.shape == (1, 4, 2, 3)
    assert (kind.rows(x, spec) == rows).all()


def test_a_transparent_file_is_decoded_with_its_alpha_and_without_hidden_colours():
    image = Image.new("RGBA", (8, 4), (255, 0, 0, 0))
    image.putpixel((4, 2), (0, 255, 0, 255))
    pixels = fit(image, DecodeSettings((4, 8), channels=4)).pixels
    assert pixels.shape == (4, 8, 4)
    assert tuple(pixels[2, 4]) == (0, 255, 0, 255)
    assert (np.delete(pixels.reshape(-1, 4), 2 * 8 + 4, axis=0) == 0).all()


def test_hidden_colours_do_not_bleed_where_images_are_reduced():
    image = Image.new("RGBA", (8, 8), (255, 0, 0, 0))
    image.paste((0, 0, 255, 255), (0, 0, 8, 4))
    pixels = fit(image, DecodeSettings(3, channels=4)).pixels
    assert pixels[..., 0].max() <= 1
    assert pixels[0, 0, 2] >= 254


def test_pictures_keep_alpha_where_their_form_can(tmp_path):
    kind = ImageKind(ImageOptions(size=4, channels=4, background="#ff0000"))
    spec = kind.spec()
    x = torch.full((2, 4, 4, 4), spec.low)
    png = Image.open(io.BytesIO(kind.encoded(x, spec, ".png")))
    assert png.mode == "RGBA"
    assert png.getpixel((3, 3))[3] == 0
    jpg = np.asarray(Image.open(io.BytesIO(kind.encoded(x[:1], spec, ".jpg"))))
    assert (jpg[..., 0] > 250).all()
    assert (jpg[..., 1] < 5).all()
    assert kind.picture(x[:1], spec).shape == (4, 4, 3)


def test_folders_and_arrays_with_alpha_are_read(tmp_path):
    rows = np.random.default_rng(0).integers(0, 255, (5, 8, 8, 4), dtype=np.uint8)
    np.savez(tmp_path / "a.npz", images=rows)
    data = open_images(tmp_path / "a.npz", channels=4)
    assert data.spec.shape == (4, 8, 8)
    visible = rows[..., 3] > 0
    assert (data.rows[visible] == rows[visible]).all()


def test_what_is_measured_stands_on_the_background():
    kind = ImageKind(ImageOptions(size=2, channels=4, background="#336699"))
    rows = np.zeros((1, 2, 2, 4), np.uint8)
    assert (kind.seen(rows) == [0x33, 0x66, 0x99]).all()
    opaque = np.full((1, 2, 2, 3), 7, np.uint8)
    assert kind.seen(opaque) is opaque


def test_a_gan_learns_draws_and_is_measured_with_alpha(tmp_path):
    rows = np.random.default_rng(0).integers(0, 255, (24, 16, 24, 4), dtype=np.uint8)
    settings = {"batch_size": 8, "steps": 2, "device": "cpu", "precision": "fp32"}
    goal = {"augment": "color,translation,cutout"}
    config = {"width": 4, "latent_dim": 8}
    options = {"size": "24x16", "channels": 4}
    genzoo.train(
        "convgan", rows, tmp_path / "a", config=config, objective_config=goal, **options, **settings
    )
    model = genzoo.load(tmp_path / "a")
    assert model.sample_spec == SampleSpec(shape=(4, 16, 24))
    path = genzoo.save(model.sample(3), model, tmp_path / "a.png")
    with Image.open(path) as image:
        assert image.mode == "RGBA"
    record = genzoo.evaluate(model, rows, features="pixels", count=16, metrics=("kernel-distance",))
    assert record.values
    assert genzoo.verify(tmp_path / "a").ok
