"""How a run tells somebody what it is doing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


class Reporter:
    """Hears of everything that happens in a run. This one keeps silent; override what you need."""

    def note(self, message: str) -> None:
        """Something the user should know: skipped files, what was cropped, the device chosen."""

    def decoding(self, done: int, total: int) -> None:
        """Files or entries decoded so far."""

    def encoding(self, done: int, total: int) -> None:
        """Latents encoded so far, of a run that trains through an autoencoder."""

    def started(self, first_step: int, total_steps: int) -> None:
        """Training begins at `first_step`, counted from 0."""

    def stepped(self, step: int) -> None:
        """`step` steps are complete. Called after every one, so it must be quick."""

    def measured(self, step: int, metrics: Mapping[str, float]) -> None:
        """Means since the last call: losses by `phase/term`, `learning_rate/part`, and the pace.

        That is `samples_per_second`, the share of the time that went into reading data,
        `data_share`, and on Linux how many of the processors that training needs other programs
        kept busy, `processors_short`, and whether threads that wait spin for long, `threads_spin`.
        """

    def snapshot(self, step: int, path: Path) -> None:
        """Samples from the fixed latents were written."""

    def checkpointed(self, step: int, path: Path) -> None:
        """A checkpoint was written."""

    def finished(self, step: int, interrupted: bool) -> None:
        """The run ended, by itself or because it was asked to."""
