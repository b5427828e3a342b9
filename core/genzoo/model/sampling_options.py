"""Options of how a model samples, changed for a call."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, TypeVar

from torch import nn

from genzoo.errors import CapabilityError
from genzoo.specs import Config, parse_config

M = TypeVar("M", bound=nn.Module)


def changed_options(config: Config, options: Mapping[str, Any], model: str) -> Config:
    """The configuration of an architecture with other values of its sampling options.

    Args:
        config: As the model was made with.
        options: Values by name; they are checked against the bounds of the configuration.
        model: What to call the model in errors.

    Raises:
        CapabilityError: It has no such option to sample by.
        ConfigError: A value is out of bounds, or does not go with the others.
    """
    known = type(config).sampling_options
    for name in options:
        if name not in known:
            has = f"It has: {', '.join(known)}." if known else "Leave it out."
            raise CapabilityError(f"{model} has no sampling option '{name}'.", has)
    return parse_config(type(config), {**dict(config), **options}, f"model {model}")


def sampling_by(part: M, config: Config) -> M:
    """`part` with the sampling options of `config`: a copy that shares all tensors and layers."""
    made = copy.copy(part)
    # A copy has a mode of its own, which those that set the model's do not reach.
    made.training = False
    for name in config.sampling_options:
        setattr(made, name, getattr(config, name))
    return made
