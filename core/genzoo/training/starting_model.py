"""A model whose weights a run is to begin with, and what of it is there to train on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from genzoo.artifact.describe import Description
from genzoo.artifact.file_hashes import check_file_once, describe_file
from genzoo.artifact.format import TRAIN, WEIGHTS, ArtifactConfig
from genzoo.registry import Registry
from genzoo.training.training_config import OriginRecord

if TYPE_CHECKING:
    from torch import Tensor

    from genzoo.interfaces.architecture import Architecture

GROUPS = ("part.", "optimizer.")
"""What is there to train on, by the names that checkpoints give it."""


@dataclass(frozen=True)
class StartingWeights:
    """What a run begins with.

    Attributes:
        record: Where it is from.
        architecture: What built the model.
        published: States of the parts that the model samples with, which are averages.
        groups: States of networks in training, `part.NAME`, and of optimisers, `optimizer.NAME`.
        notes: Sentences worth telling the user.
    """

    record: OriginRecord
    architecture: Architecture
    published: Mapping[str, Mapping[str, Tensor]]
    groups: Mapping[str, Mapping[str, Tensor]]
    notes: tuple[str, ...] = ()

    def part(self, name: str) -> Mapping[str, Tensor] | None:
        """The state of a network in training: its own, else its average; None if there is none."""
        return self.groups.get(f"part.{name}", self.published.get(name))


@dataclass(frozen=True)
class StartingModel:
    """A model that was found. Nothing but its `config.json` was read.

    Attributes:
        name: As the user said it.
        folder: The artifact.
        description: What its `config.json` says.
        revision: Its commit on the Hub, if it is from there.
        partial: Whether weights that do not fit are left out instead of refused.
    """

    name: str
    folder: Path
    description: Description
    revision: str = ""
    partial: bool = False

    @property
    def config(self) -> ArtifactConfig:
        """What genzoo's own `config.json` says, or would say."""
        return self.description.config

    def read(self, registry: Registry) -> StartingWeights:
        """Its weights, and what its `train` folder or its run's newest checkpoint has besides.

        Raises:
            ArtifactError, CheckpointError: A file is missing, damaged or altered.
            PluginError: Its architecture is not installed; says how to install it.
        """
        from genzoo.artifact.load import load_described

        model = load_described(self.description, registry, fast_convolutions=False)
        published = {name: part.state_dict() for name, part in model.parts.items()}
        weights = self.description.weights
        known = self.config.files.get(WEIGHTS) or describe_file(weights)
        files = {weights.name: known.sha256}
        notes: list[str] = []
        groups = dict(self._groups(files, notes.append))
        steps = self.config.training.get("steps")
        parts = [*published, *(group[5:] for group in groups if group.startswith("part."))]
        record = OriginRecord(
            name=self.name,
            architecture=self.config.architecture,
            revision=self.revision,
            files=files,
            steps=steps if isinstance(steps, int) else None,
            partial=self.partial,
            parts=tuple(dict.fromkeys(parts)),
        )
        return StartingWeights(record, model.architecture, published, groups, tuple(notes))

    def _groups(
        self, files: dict[str, str], note: Callable[[str], None]
    ) -> Iterator[tuple[str, Mapping[str, Tensor]]]:
        """States by group; what was read goes into `files` with its hash."""
        from genzoo.artifact.tensors import load_tensors
        from genzoo.training.checkpoint import list_checkpoints, read_checkpoint

        run = self.folder.parent
        if self.folder.name == "artifact" and (run / "run.json").is_file():
            for path in list_checkpoints(run / "checkpoints")[-1:]:
                for group, state in read_checkpoint(path).tensors.items():
                    if group.startswith(GROUPS):
                        file = path / f"{group}.safetensors"
                        files[file.relative_to(run).as_posix()] = describe_file(file).sha256
                        yield group, state
            return
        for name, record in self.config.files.items():
            group = Path(name).stem
            if Path(name).parent != Path(TRAIN) or not group.startswith(GROUPS):
                continue
            if not (self.folder / name).exists():
                note(f"{self.name} lists {name}, which is not here: genzoo pull {self.name} --all")
                continue
            check_file_once(self.folder / name, record)
            files[name] = record.sha256
            yield group, load_tensors(self.folder / name)[0]
