"""`genzoo film`: a training run's snapshots one after another."""

from __future__ import annotations

from pathlib import Path

import click

from genzoo.cli.options import HomePath, out_option, output_options
from genzoo.cli.output_paths import Destination, default_path
from genzoo.cli.printing import output
from genzoo.errors import UsageError

FPS = 8.0


@click.command()
@click.argument("run", type=HomePath(path_type=Path))
@click.option(
    "--what",
    default="samples",
    show_default=True,
    help="Which of its snapshots: samples, or reconstructions where the model encodes.",
)
@click.option(
    "--fps",
    type=click.FloatRange(0, 240, min_open=True),
    default=FPS,
    show_default=True,
    help="Frames a second.",
)
@out_option("An .mp4, .gif, .webp or .apng. Default: RUN-film.mp4.")
@output_options
def command(run: Path, what: str, fps: float, out: Path | None) -> None:
    """Show how the training run in the folder RUN went: its snapshots, as a film."""
    from genzoo.media.films import ENDINGS, PICTURE, read_frame, save_film
    from genzoo.training.run_folder import RunFolder

    folder = RunFolder(run)
    pictures = sorted(folder.samples.glob(f"{what}-*{PICTURE}"))
    if not pictures:
        raise UsageError(
            f"'{run}' has no pictures called {what}.",
            "Name the folder of a training run that has written snapshots.",
        )
    path = out or default_path(run.resolve().name, "-film.mp4")
    if path.suffix.lower() not in ENDINGS:
        raise UsageError(f"'{path}' does not end as a film does.", f"Known: {', '.join(ENDINGS)}.")
    destination = Destination(path, path.suffix, tuple(pictures))
    destination.check()
    with destination.open() as place:
        count = save_film(map(read_frame, pictures), place, fps)
    destination.tell({"run": str(run), "frames": count})
    output().note(f"{count} snapshots, {count / fps:.1f} seconds.")
