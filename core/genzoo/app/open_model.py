"""A model that was found by what the user called it: its description, its kind, its weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from genzoo.artifact.describe import Description, artifact_kind, describe
from genzoo.artifact.format import ArtifactConfig
from genzoo.hub.resolve_model_name import find_model
from genzoo.interfaces.kind import Kind
from genzoo.plugins import manager
from genzoo.progress import Progress, silent
from genzoo.registry import Registry

if TYPE_CHECKING:
    from torch import device as Device

    from genzoo.model.model import Model


@dataclass(frozen=True)
class OpenModel:
    """A model on this machine. What is in its folder is read when it is first asked for.

    Attributes:
        name: As the user said it.
        folder: The artifact.
        registry: Where its architecture, priors and kind are looked up.
    """

    name: str
    folder: Path
    registry: Registry

    @cached_property
    def description(self) -> Description:
        """What its `config.json` says, genzoo's own or one that a plugin's format knows.

        Raises:
            ArtifactError, PluginError: As `describe`.
        """
        return describe(self.folder, self.registry)

    @property
    def config(self) -> ArtifactConfig:
        """What genzoo's own `config.json` says, or would say.

        Raises:
            ArtifactError, PluginError: As `describe`.
        """
        return self.description.config

    @cached_property
    def kind(self) -> Kind:
        """What its samples are, with the options that its data had.

        Raises:
            ArtifactError, PluginError: As `describe` and `artifact_kind`.
        """
        return artifact_kind(self.config, self.registry, self.folder)

    def load(self, device: str | Device = "cpu", *, fast_convolutions: bool = True) -> Model:
        """Its weights in its networks, ready to sample.

        Args:
            device: Where to put it.
            fast_convolutions: As of `load_model`.

        Raises:
            ArtifactError: It is damaged, altered or of a newer format.
            PluginError: Its architecture is not installed; says how to install it.
            UsageError: There is no such device.
        """
        from genzoo.artifact.load import load_described
        from genzoo.training.through_autoencoder import find_named

        model = load_described(
            self.description,
            self.registry,
            device=device,
            fast_convolutions=fast_convolutions,
            find_named=find_named,
        )
        model.name = self.name
        return model


def open_model(
    name: str | Path, registry: Registry | None = None, progress: Progress = silent
) -> OpenModel:
    """Find a model, once; it is pulled from the Hub if it has to be.

    Args:
        name: A name of the zoo or of the Hub, or a folder of a model or of a run.
        registry: Names; by default those of the installed plugins.
        progress: Hears how far a pull is.

    Raises:
        GenzooError: As `find_model`.
    """
    known = known_names(registry)
    found = find_model(name, known, progress)
    return OpenModel(found.name, found.folder, known)


def load(
    model: str | Path,
    *,
    device: str | Device = "cpu",
    fast_convolutions: bool = True,
    registry: Registry | None = None,
) -> Model:
    """Load a pretrained model, ready to sample.

    Args:
        model: A name of the zoo, or the folder of a model or of a run. A `Path` is always a folder.
        device: Where to put it.
        fast_convolutions: On processors, let convolutions take algorithms that are faster than
            torch's own, with the same results up to rounding.
        registry: Names; by default those of the installed plugins.

    Raises:
        ArtifactError: It is damaged, altered or of a newer format.
        PluginError: Its architecture is not installed; says how to install it.
        UnknownNameError: There is no such model.
        UsageError: The name has two readings, or there is no such device.
    """
    return open_model(model, registry).load(device, fast_convolutions=fast_convolutions)


def known_names(registry: Registry | None = None) -> Registry:
    """The registry that is given, else that of the installed plugins."""
    return manager.default_manager().registry if registry is None else registry


@contextmanager
def computing(model: Model, precision: str) -> Iterator[None]:
    """Within it the model computes in that precision, `auto`, `fp32` or `bf16`."""
    import torch

    from genzoo.training.hardware import choose_precision

    if choose_precision(precision, model.device) == "fp32":
        yield
        return
    with torch.autocast(model.device.type, dtype=torch.bfloat16):
        yield
