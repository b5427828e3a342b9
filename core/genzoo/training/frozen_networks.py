"""Networks that losses look at samples through: a run knows them by the hash of their weights."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import torch
from torch import Tensor

from genzoo.errors import CheckpointError
from genzoo.interfaces.feature_network import FeatureNetwork


def place(networks: Mapping[str, FeatureNetwork], device: torch.device) -> None:
    """Put them on the device, in evaluation mode and without gradients of their own."""
    for network in networks.values():
        network.to(device).to(memory_format=torch.channels_last).eval().requires_grad_(False)


class FrozenNetworks:
    """What a checkpoint keeps of frozen networks: which weights they have, and none of the weights.

    Args:
        networks: By name.
    """

    def __init__(self, networks: Mapping[str, FeatureNetwork]) -> None:
        self._networks = networks

    def state_dict(self) -> dict[str, Tensor]:
        """The SHA-256 of each one's name and hash, (32,) uint8."""
        return {name: _identity(network) for name, network in self._networks.items()}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Compare with what `state_dict` returned.

        Raises:
            CheckpointError: The run looked through other weights.
        """
        now = self.state_dict()
        if set(state) == set(now) and all(torch.equal(state[k].cpu(), now[k]) for k in now):
            return
        found = [f"{one.full_name} ({one.hash})" for one in self._networks.values()]
        raise CheckpointError(
            "The run learnt through other frozen networks than "
            f"{' and '.join(found) if found else 'none'}, which is what there is now.",
            "Install the packages of their weights that the run began with.",
        )


def _identity(network: FeatureNetwork) -> Tensor:
    digest = hashlib.sha256(f"{network.full_name} {network.hash}".encode()).digest()
    return torch.frombuffer(bytearray(digest), dtype=torch.uint8)
