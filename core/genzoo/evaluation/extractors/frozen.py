"""A network for inference alone, from weights that are at hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from genzoo.evaluation.extractors.folding import fold_normalisation


def frozen(
    make: Callable[[], nn.Module], weights: Mapping[str, Tensor], device: torch.device
) -> nn.Module:
    """The network that `make` builds with these weights, its normalisation folded in.

    Raises:
        RuntimeError: The weights are those of another network.
    """
    with torch.device("meta"):
        network = make()
    network.load_state_dict(weights, assign=True)
    network.eval().requires_grad_(False)
    fold_normalisation(network)
    return network.to(device).to(memory_format=torch.channels_last)
