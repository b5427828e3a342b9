"""Lines of text as a picture, for trackers that show pictures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

LINE, MARGIN, CHARACTER = 14, 8, 7
MOST_LINES, MOST_CHARACTERS = 64, 160


def line_picture(lines: Sequence[str]) -> NDArray[np.uint8]:
    """The first lines, and of each as much as fits, (height, width, 1)."""
    shown = [line[:MOST_CHARACTERS] for line in lines[:MOST_LINES]]
    widest = max(len(line) for line in shown)
    size = (CHARACTER * widest + 2 * MARGIN, LINE * len(shown) + 2 * MARGIN)
    image = Image.new("L", size, 255)
    pen = ImageDraw.Draw(image)
    for number, line in enumerate(shown):
        # The font that comes with Pillow has the letters of Western Europe only.
        plain = line.encode("latin-1", "replace").decode("latin-1")
        pen.text((MARGIN, MARGIN + number * LINE), plain, 0)
    return np.asarray(image)[:, :, None]
