"""Films of pictures, written and read again."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
import torch
from lines_kind import LineOptions, LinesKind
from numpy.typing import NDArray
from PIL import Image

from genzoo import CapabilityError, SampleSpec, StorageError, UsageError
from genzoo.media.films import ENDINGS, check_film, frames_of, is_film, read_frame, save_film
from genzoo.media.image_kind import ImageKind
from genzoo.media.image_options import ImageOptions

COLOURS = [(220, 20, 20), (20, 200, 20), (20, 20, 220), (240, 240, 240)]


def frames(size: tuple[int, int] = (64, 48)) -> list[NDArray[np.uint8]]:
    """A frame of each colour."""
    return [np.full((*size, 3), colour, np.uint8) for colour in COLOURS]


def read_video(path: Path, size: tuple[int, int]) -> NDArray[np.uint8]:
    """All frames of a film of so many lines and columns, (n, height, width, 3)."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(path)]
    command += ["-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    shown = subprocess.run(command, capture_output=True, check=True).stdout
    return np.frombuffer(shown, np.uint8).reshape(-1, *size, 3)


def read_animation(path: Path) -> NDArray[np.uint8]:
    found = []
    with Image.open(path) as picture:
        for number in range(picture.n_frames):
            picture.seek(number)
            found.append(np.asarray(picture.convert("RGB")))
    return np.stack(found)


@pytest.mark.parametrize("ending", ENDINGS)
def test_every_form_shows_the_frames_in_order_enlarged_by_a_whole_factor(
    tmp_path: Path, ending: str
) -> None:
    path = tmp_path / f"film{ending}"
    assert save_film(frames(), path, 10.0) == 4
    shown = read_video(path, (256, 192)) if ending == ".mp4" else read_animation(path)
    assert shown.shape == (4, 256, 192, 3)
    wanted = np.array(COLOURS)[:, None, None]
    assert np.abs(shown.astype(int) - wanted).max() <= 8


def test_a_video_of_odd_sides_gains_a_line_that_it_needs(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    save_film(frames((301, 257)), path, 10.0)
    assert read_video(path, (302, 258)).shape == (4, 302, 258, 3)


def test_frames_are_taken_one_at_a_time(tmp_path: Path) -> None:
    alive = []

    def watched() -> Iterator[NDArray[np.uint8]]:
        for frame in frames():
            alive.append(path.exists())
            yield frame

    path = tmp_path / "film.gif"
    save_film(watched(), path, 10.0)
    # The file takes its place when it is whole.
    assert alive == [False] * 4
    assert path.is_file()
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_transparent_is_white() -> None:
    file = io.BytesIO()
    Image.new("RGBA", (2, 3), (10, 20, 30, 0)).save(file, "PNG")
    frame = read_frame(file)
    assert frame.shape == (3, 2, 3)
    assert (frame == 255).all()


def test_each_sample_is_a_frame() -> None:
    spec = SampleSpec(shape=(3, 2, 2))
    x = torch.tensor([-1.0, 1.0]).view(2, 1, 1, 1).expand(2, 3, 2, 2)
    dark, light = frames_of(x, ImageKind(ImageOptions(size=2, channels=3)), spec)
    assert (dark == 0).all()
    assert (light == 255).all()


def test_pictures_of_two_sizes_leave_no_film(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not all of one size"):
        save_film([*frames(), *frames((32, 32))], tmp_path / "film.mp4", 10.0)
    assert list(tmp_path.iterdir()) == []


def test_no_picture_makes_no_film(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no picture"):
        save_film([], tmp_path / "film.mp4", 10.0)


def test_a_place_that_cannot_be_written_to_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be written"):
        save_film(frames(), tmp_path / "file" / "film.mp4", 10.0)


def test_lines_of_text_have_no_film() -> None:
    with pytest.raises(CapabilityError, match="no film"):
        check_film(LinesKind(LineOptions()))


def test_a_form_of_still_pictures_too_is_no_film_by_itself() -> None:
    images = ImageKind(ImageOptions())
    assert [is_film(Path(f"x{ending}"), images) for ending in (".mp4", ".gif", ".webp")] == [
        *(True, True, False)
    ]


def test_without_the_package_the_line_that_installs_it_is_said() -> None:
    code = (
        "import sys; sys.modules['imageio_ffmpeg'] = None; import numpy as np\n"
        "from pathlib import Path; from genzoo.media.films import save_film\n"
        "save_film([np.zeros((2, 2, 3), np.uint8)], Path('x.mp4'), 1.0)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 1
    assert "pip install 'genzoo[video]'" in result.stderr
