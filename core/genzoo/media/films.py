"""Films: pictures one after another, in a video or an animated picture. Imports no torch."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from genzoo.errors import CapabilityError, StorageError, UsageError
from genzoo.interfaces.kind import Kind
from genzoo.specs import SampleSpec
from genzoo.system.atomic_files import atomic_write

if TYPE_CHECKING:
    from torch import Tensor

PICTURE = ".png"
"""What a kind's samples are drawn as to become frames."""

SMALLEST = 256
"""Frames whose longer side has fewer pixels are enlarged by a whole factor to that many."""

# Colours of their own for each frame; of all frames together they would need all in memory.
_PALETTE = "split[a][b];[a]palettegen=stats_mode=single[p];[b][p]paletteuse=new=1"
_EVEN = "pad=ceil(iw/2)*2:ceil(ih/2)*2"

_FORMS: Mapping[str, tuple[str, list[str]]] = {
    ".mp4": ("libx264", ["-vf", _EVEN, "-crf", "18", "-movflags", "+faststart", "-f", "mp4"]),
    ".gif": ("gif", ["-filter_complex", _PALETTE, "-loop", "0", "-f", "gif"]),
    ".webp": ("libwebp_anim", ["-quality", "90", "-loop", "0", "-f", "webp"]),
    ".apng": ("apng", ["-plays", "0", "-f", "apng"]),
}
"""By the file's ending: FFmpeg's name of the encoder, and its options."""
_PIXELS = {".mp4": "yuv420p", ".gif": "pal8", ".webp": "yuv420p", ".apng": "rgb24"}

ENDINGS = tuple(_FORMS)


def is_film(path: Path, kind: Kind) -> bool:
    """Whether `path` has the ending of a film, and of nothing else that the kind writes."""
    ending = path.suffix.lower()
    return ending in ENDINGS and ending not in kind.endings


def check_film(kind: Kind) -> None:
    """Refuse early what `save_film` could not write.

    Raises:
        CapabilityError: Samples of the kind are not drawn as pictures.
        UsageError: The package that writes films is not installed.
    """
    if PICTURE not in kind.endings:
        raise CapabilityError(
            f"{kind.array.capitalize()} are not drawn as pictures, so there is no film of them.",
            f"Known: {', '.join(kind.endings)}.",
        )
    _writer()


def frames_of(samples: Tensor, kind: Kind, spec: SampleSpec) -> Iterator[NDArray[np.uint8]]:
    """Each sample as a frame, (height, width, 3) in 0 to 255; what is transparent is white.

    Args:
        samples: (n, *spec.shape) in the range of `spec`.
        kind: What they are; it can write pictures.
        spec: Their contract.
    """
    for number in range(len(samples)):
        yield read_frame(io.BytesIO(kind.encoded(samples[number : number + 1], spec, PICTURE)))


def read_frame(file: Path | io.BytesIO) -> NDArray[np.uint8]:
    """A picture as a frame, (height, width, 3) in 0 to 255; what is transparent is white."""
    from PIL import Image

    with Image.open(file) as picture:
        drawn = picture.convert("RGBA")
    ground = Image.new("RGBA", drawn.size, "white")
    return np.asarray(Image.alpha_composite(ground, drawn).convert("RGB"))


def save_film(frames: Iterable[NDArray[np.uint8]], path: Path, fps: float) -> int:
    """Write frames to an .mp4, .gif, .webp or .apng, one at a time.

    Args:
        frames: (height, width, 3) in 0 to 255, all of one size; at least one.
        path: Where.
        fps: Frames a second.

    Returns:
        How many there were.

    Raises:
        StorageError: The file cannot be written.
        UsageError: There is no frame, they differ in size, or the package that writes films is not
            installed.
    """
    writer = _writer()
    remaining = iter(frames)
    first = next(remaining, None)
    if first is None:
        raise UsageError("There is no picture to make a film of.")
    codec, options = _FORMS[path.suffix.lower()]
    factor = max(1, -(-SMALLEST // max(first.shape[:2])))
    size = (first.shape[1] * factor, first.shape[0] * factor)
    count = 0
    with atomic_write(path) as temporary:
        film = writer.write_frames(
            str(temporary),
            size,
            fps=fps,
            codec=codec,
            pix_fmt_out=_PIXELS[path.suffix.lower()],
            # Neither a quality nor a size of FFmpeg's own choice.
            quality=None,
            ffmpeg_log_level="error",
            macro_block_size=1,
            output_params=options,
        )
        try:
            with closing(film):
                film.send(None)
                for frame in chain([first], remaining):
                    if frame.shape != first.shape:
                        raise UsageError("The pictures are not all of one size.")
                    film.send(frame.repeat(factor, 0).repeat(factor, 1).tobytes())
                    count += 1
        except OSError as error:
            raise StorageError(f"'{path}' cannot be written: {_last_line(error)}") from error
    return count


def _writer() -> Any:
    try:
        import imageio_ffmpeg
    except ModuleNotFoundError as error:
        raise UsageError(
            "Films need the package imageio-ffmpeg.", "Type: pip install 'genzoo[video]'"
        ) from error
    return imageio_ffmpeg


def _last_line(error: OSError) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[-1].strip() if lines else type(error).__name__
