"""What `race.py` shows: a table in Markdown, and samples of all side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from racers.judges import Images, Score

HEADINGS = ("who", "images/s", "images seen", "ms a sample")
SHOWN, NAMES = 16, 150
"""Samples of each in the picture, and pixels for its name."""


@dataclass(frozen=True)
class Result:
    """What became of a racer.

    Attributes:
        name: Whose.
        samples: What it drew.
        facts: What it measured; empty for the data.
        scores: By judge.
    """

    name: str
    samples: Images
    facts: Mapping[str, Any]
    scores: Mapping[str, Score]


def table(results: Sequence[Result], failures: Mapping[str, str]) -> str:
    """Markdown: a row for each, the data first, and a line for each that cannot run."""
    judges = list(results[0].scores)
    columns = [f"{judge}: {what}" for judge in judges for what in ("FD", "P / R / D / C")]
    rows = [(*HEADINGS, *columns), ("---",) * (len(HEADINGS) + len(columns))]
    rows += [_cells(result) for result in results]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    changed = [
        f"- `{result.name}`{_after(result.facts['version'], ' ')}, "
        f"{result.facts['parameters'] / 1e6:.1f} M "
        f"parameters{_after(result.facts['changes'])}."
        for result in results
        if result.facts
    ]
    unable = [f"- `{name}` did not run: {reason}" for name, reason in failures.items()]
    return "\n".join([*lines, "", *changed, *unable])


def picture(results: Sequence[Result], path: Path) -> None:
    """The first samples of each in a row, unchosen, its name before them."""
    side = results[0].samples.shape[1]
    page = Image.new("RGB", (NAMES + SHOWN * side, len(results) * side), "white")
    draw = ImageDraw.Draw(page)
    for number, result in enumerate(results):
        draw.text((4, number * side + side // 2 - 6), result.name[:26], fill="black")
        row = np.concatenate(list(result.samples[:SHOWN]), axis=1)
        page.paste(Image.fromarray(row), (NAMES, number * side))
    path.parent.mkdir(parents=True, exist_ok=True)
    page.save(path)


def put(document: Path, name: str, text: str) -> None:
    """Write `text` between the marks of `name` in a document, which has them.

    Raises:
        SystemExit: It has not.
    """
    begin, end = f"<!-- race {name} -->\n", f"\n<!-- end of {name} -->"
    content = document.read_text()
    before, found, rest = content.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise SystemExit(f"{document} has no place for {name}: {begin.strip()} … {end.strip()}.")
    document.write_text(f"{before}{begin}{text}{end}{after}")


def _cells(result: Result) -> tuple[str, ...]:
    facts = result.facts
    own = (
        (
            f"{facts['images'] / facts['seconds']:.1f}",
            f"{facts['images']:,}",
            f"{1000 * facts['sampling']:.3g}",
        )
        if facts
        else ("", "", "")
    )
    scored = [cell for score in result.scores.values() for cell in _score(score)]
    return (result.name, *own, *scored)


def _score(score: Score) -> tuple[str, str]:
    shares = (score.precision, score.recall, score.density, score.coverage)
    return f"{score.distance:.1f}", " / ".join(f"{share:.2f}" for share in shares)


def _after(text: str, mark: str = ": ") -> str:
    return f"{mark}{text}" if text else ""
