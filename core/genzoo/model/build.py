"""From a name and a configuration to networks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from genzoo.errors import GenzooError, PluginError, SpecError
from genzoo.interfaces.architecture import Architecture
from genzoo.interfaces.kind import Kind
from genzoo.interfaces.noise import derive_seed
from genzoo.model.model import Model
from genzoo.model.through import LATENT
from genzoo.records import ArchitectureSpec
from genzoo.registry import Entry, Registry, load_target
from genzoo.specs import Config, SampleSpec, parse_config
from genzoo.system.torch_globals import own_draws, plain_modes


def build_architecture(
    registry: Registry, name: str, config: Mapping[str, Any] | Config, sample: SampleSpec
) -> tuple[Entry[ArchitectureSpec], Architecture]:
    """Bind the architecture `name` to a configuration and to the contract of the samples.

    Raises:
        ConfigError: An option it lacks, or a value out of bounds.
        PluginError: Its code fails.
        SpecError: It cannot model such samples.
        UnknownNameError: No plugin registered it.
    """
    entry = registry[ArchitectureSpec].find(name)
    record = entry.record
    check_kind(record, sample.kind)
    values = parse_config(load_target(record.config), config, f"architecture {record.name}")
    with plugin_errors(entry):
        architecture: Architecture = load_target(record.target)(values, sample)
    return entry, architecture


def check_kind(architecture: ArchitectureSpec, kind: str) -> None:
    """Raise SpecError unless the architecture models samples of that kind."""
    if kind == LATENT and architecture.latents:
        return
    if kind == LATENT:
        raise SpecError(
            f"The architecture '{architecture.name}' cannot be trained through an autoencoder.",
            "See genzoo architectures --json for those that take latents.",
        )
    if kind not in architecture.kinds:
        raise SpecError(
            f"The architecture '{architecture.name}' models {' and '.join(architecture.kinds)}, "
            f"not {kind}."
        )


def build_parts(
    entry: Entry[ArchitectureSpec], architecture: Architecture
) -> Mapping[str, nn.Module]:
    """Freshly initialised parts by name.

    Raises:
        PluginError: Its code fails, or builds other parts than its record says.
    """
    with plugin_errors(entry):
        parts = architecture.build()
    if set(parts) != set(entry.record.parts):
        raise PluginError(
            f"{entry.full_name} built the parts {', '.join(sorted(parts)) or 'none'} "
            f"where its record says {', '.join(sorted(entry.record.parts))}."
        )
    return parts


@plain_modes()
def build_model(
    registry: Registry,
    name: str,
    sample: SampleSpec,
    config: Mapping[str, Any],
    seed: int = 0,
    device: str | torch.device = "cpu",
    kind: Kind | None = None,
) -> Model:
    """A model with all its parts, initialised from `seed`. Global random state is left alone.

    Raises:
        ConfigError, PluginError, SpecError, UnknownNameError: As `build_architecture`.
    """
    entry, architecture = build_architecture(registry, name, config, sample)
    with own_draws(derive_seed(seed, "initialisation")):
        parts = build_parts(entry, architecture)
        return Model(entry.full_name, architecture, parts, kind=kind).to(device)


@contextmanager
def plugin_errors(entry: Entry[Any]) -> Iterator[None]:
    """Name the plugin whose code failed.

    Raises:
        PluginError: The block raised anything but an error meant for the user.
    """
    try:
        yield
    except GenzooError:
        raise
    except Exception as error:
        raise PluginError(
            f"The {entry.record.what} {entry.full_name} could not be built: "
            f"{type(error).__name__}: {error}."
        ) from error
