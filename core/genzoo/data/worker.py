"""A process that decodes images for another: `python -m genzoo.data.worker`.

It reads lines of JSON on stdin, first the folder and the settings, then lists of paths. For each
list it answers with a line of JSON that has `[cropped, enlarged]` or a reason for each path, and
with the pixels of the decoded ones. It ends when stdin does.

A plain subprocess, because multiprocessing would run the user's script again in each worker, and
because a decoder that crashes then takes no more than its worker down.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import BinaryIO

from genzoo.data.decode import Decoded, DecodeSettings, attempt, quiet_decoding

READY = b"ready\n"


def serve(requests: BinaryIO, replies: BinaryIO) -> None:
    """Answer until `requests` ends."""
    replies.write(READY)
    replies.flush()
    opening = json.loads(requests.readline())
    root = Path(opening["root"])
    settings = DecodeSettings(opening["size"], opening["channels"], tuple(opening["background"]))
    for line in requests:
        outcomes = [attempt(root / path, settings) for path in json.loads(line)]
        answer = [
            [each.cropped, each.enlarged] if isinstance(each, Decoded) else str(each)
            for each in outcomes
        ]
        pixels = [each.pixels.tobytes() for each in outcomes if isinstance(each, Decoded)]
        replies.write(json.dumps(answer).encode() + b"\n" + b"".join(pixels))
        replies.flush()


if __name__ == "__main__":
    with quiet_decoding():
        serve(sys.stdin.buffer, sys.stdout.buffer)
