"""A kind of content, such as images: how its samples are read, kept, shown and encoded."""

from __future__ import annotations

import math
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from genzoo.errors import SpecError
from genzoo.interfaces.decoded import Decoded, Layout, UndecodableError
from genzoo.interfaces.sound import Sound
from genzoo.specs import Config, SampleSpec

if TYPE_CHECKING:
    from torch import Tensor


class Kind(ABC):
    """A kind of content, bound to the options of one data set.

    Data come in as *rows*, arrays of one shape and type that are decoded once and kept in a memory
    map on disk. A batch of rows becomes *samples*, the tensors that networks see. Samples go out to
    files and pictures. A saved model remembers the options that its data had, so the same kind
    writes its samples and reads what it is to encode.

    Register it with a `KindSpec` in the hook `genzoo_kinds`. Every option of its config needs a
    default; None may stand for "as the data has it", which `options_for_files` and
    `options_for_array` decide. Processes that decode import its module: import no torch at the top.

    Args:
        config: Validated options, of the class that its `KindSpec` names.

    Attributes:
        name: As in its `KindSpec`, and in the `kind` of a `SampleSpec`.
        noun: What one sample is called in messages: `image`.
        array: The noun's plural, which names the array in .npz files: `images`.
        endings: Endings of the files that `encoded` makes, the default of commands first:
            `(".png", ".jpg")`. Every kind can be written as .npz too.
        preview_endings: Those of a model's previews; by default the first of `endings`.
        snapshot_endings: Those of the files that a run writes while training; likewise.
        folder_ending: That of the files of single samples in a folder; likewise.
        reads: Endings of the files that `decode` reads; empty where data are arrays only.
        columns: Columns that hold its samples in tables, best first; noun and array are known.
        printed: Whether files of the first of `endings` are lines of plain text, one for each
            sample, without control characters. Commands then print samples unless a place is named,
            and take a text where they take a file.
        piece: What bits are counted for: `dim`, a value of a sample, or what `pieces` counts.
        one_per_file: Whether no file holds several samples: the listing then bounds their number.
        version: Raise it when rows come out differently, so that kept ones are made again.
    """

    name: ClassVar[str]
    noun: ClassVar[str]
    array: ClassVar[str]
    endings: ClassVar[tuple[str, ...]]
    reads: ClassVar[tuple[str, ...]] = ()
    columns: ClassVar[tuple[str, ...]] = ()
    preview_endings: ClassVar[tuple[str, ...]] = ()
    snapshot_endings: ClassVar[tuple[str, ...]] = ()
    folder_ending: ClassVar[str] = ""
    printed: ClassVar[bool] = False
    piece: ClassVar[str] = "dim"
    one_per_file: ClassVar[bool] = False
    version: ClassVar[int] = 1

    def __init__(self, config: Config) -> None:
        self.config = config

    # What data are made into.

    @property
    @abstractmethod
    def layout(self) -> Layout:
        """Shape and type of a row. Open options count as their usual values."""

    @abstractmethod
    def spec(self, classes: Sequence[str] = ()) -> SampleSpec:
        """The contract of the samples, with the value range that the data have by themselves.

        Args:
            classes: Class names in label order, of a conditional data set.
        """

    def options_for_files(self, paths: Sequence[Path]) -> Config:
        """The options for a data set of files, none left open. Remembered, so it may take a look.

        Raises:
            UsageError: Options that make no data set.
        """
        return self.config

    def options_for_array(self, samples: NDArray[np.generic]) -> Config:
        """The options for a data set that is an array, none left open.

        Args:
            samples: What `check` returned.

        Raises:
            UsageError: Options that make no data set.
        """
        return self.config

    def options_for_spec(self, spec: SampleSpec) -> Config:
        """The options under which data become samples of `spec`, such as a model's.

        Raises:
            SpecError: There are none.
        """
        own = self.spec()
        if (spec.kind, spec.shape) != (own.kind, own.shape):
            raise SpecError(
                f"{self.array.capitalize()} of shape {own.shape} are not samples of the model, "
                f"which are of kind {spec.kind} and shape {spec.shape}."
            )
        return self.config

    # In.

    @property
    def label_pattern(self) -> str | None:
        """How names of files tell the class, for `label_in_name`: by default its `label_from`."""
        pattern: str | None = getattr(self.config, "label_from", None)
        return pattern

    def may_read(self, name: str) -> bool:
        """Whether a file of that name is worth an attempt; the others are left out and named."""
        return PurePath(name).suffix.lower() in self.reads

    def decode(self, path: Path) -> Decoded:
        """The samples in a file. May run in another process.

        Raises:
            UndecodableError: There is none, with the reason. Other errors count as reasons too.
        """
        raise UndecodableError(f"{self.array} are not read from files")

    def decode_bytes(self, content: bytes, name: str) -> Decoded:
        """The samples in the bytes of a file, as archives hold them; see `decode`.

        By default they become a file for a moment.

        Args:
            content: All of it.
            name: What the file is called, for its ending.
        """
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"sample{PurePath(name).suffix}"
            path.write_bytes(content)
            return self.decode(path)

    @abstractmethod
    def check(self, samples: NDArray[np.generic], name: str) -> NDArray[np.generic]:
        """The array of an .npz file or of a registered data set, as `adapt` takes it.

        Args:
            samples: (N, ...), of any shape and type.
            name: What the data are called.

        Returns:
            (N, ...). Where its entries have the layout already, they are rows as they are.

        Raises:
            DataError: It holds no samples of this kind; says what would do.
        """

    def adapt(self, sample: NDArray[np.generic]) -> Decoded:
        """One entry of a checked array that does not have the layout, made into a row.

        Raises:
            UndecodableError: That cannot be done, with the reason.
        """
        raise UndecodableError(f"it is {sample.dtype} of shape {sample.shape}")

    @abstractmethod
    def samples(self, rows: Tensor, spec: SampleSpec) -> Tensor:
        """Rows as networks see them. Called for every batch, so it must be quick.

        Args:
            rows: (n, *layout.shape) of the layout's type, on any device; not to be changed.
            spec: The samples' contract; its range may differ from that of `self.spec()`.

        Returns:
            (n, *spec.shape) float32 in [spec.low, spec.high].
        """

    def pieces(self, x: Tensor, spec: SampleSpec) -> NDArray[np.int64]:
        """How many pieces each of the samples (n, *spec.shape) has, (n,).

        By default all have as many values. Texts, whose rows are filled up, have their characters.
        """
        return np.full(len(x), math.prod(spec.shape))

    # Out.

    def seen(self, rows: NDArray[np.generic]) -> NDArray[np.generic]:
        """Rows as feature extractors see them; what is transparent stands on a background."""
        return rows

    @abstractmethod
    def rows(self, x: Tensor, spec: SampleSpec) -> NDArray[np.generic]:
        """Samples (n, *spec.shape) as rows, the inverse of `samples`: what .npz files hold.

        In the units of the data, that is, whatever range `spec` has.

        Values out of range are clamped.

        Raises:
            SpecError: `x` does not have the shape of `spec`.
        """

    @abstractmethod
    def picture(self, x: Tensor, spec: SampleSpec, columns: int | None = None) -> NDArray[np.uint8]:
        """Samples (n, *spec.shape) as one picture (height, width, channels), 1 or 3 channels.

        Args:
            x: At least one.
            spec: Their contract.
            columns: Samples in a row, for kinds that have rows.
        """

    @abstractmethod
    def encoded(
        self, x: Tensor, spec: SampleSpec, ending: str, columns: int | None = None
    ) -> bytes:
        """The content of one file that shows or holds the samples (n, *spec.shape).

        Args:
            x: At least one.
            spec: Their contract.
            ending: One of `endings`.
            columns: Samples in a row, for kinds that have rows.
        """

    def sound(self, x: Tensor, spec: SampleSpec) -> Sound | None:
        """Samples (n, *spec.shape) as one sound for trackers; None where they make none.

        Args:
            x: At least one.
            spec: Their contract.
        """
        return None

    def paired(self, originals: Tensor, made: Tensor, spec: SampleSpec, columns: int) -> Tensor:
        """Originals and what a model made of them, in the order to be shown in `columns`.

        By default each original is followed by its reconstruction.

        Args:
            originals: (n, *spec.shape).
            made: Their reconstructions, likewise.
            spec: Their contract.
            columns: Samples in a row, for kinds that have rows.
        """
        import torch

        return torch.stack([originals, made], dim=1).flatten(0, 1)

    @property
    def previews(self) -> tuple[str, ...]:
        """Names of the files that show what a model does: `preview.png`."""
        return tuple(f"preview{ending}" for ending in self.preview_endings or self.endings[:1])

    @property
    def snapshots(self) -> tuple[str, ...]:
        """Endings of the files that a run writes."""
        return self.snapshot_endings or self.endings[:1]
