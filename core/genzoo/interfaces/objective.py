"""How networks learn: an ordered list of phases, each one player's move."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from genzoo.interfaces.feature_network import FeatureNetwork
from genzoo.interfaces.training_step import Step
from genzoo.interfaces.vital_signs import VitalSign
from genzoo.specs import Config, LatentSpec, SampleSpec


@dataclass(frozen=True)
class Term:
    """One term of a loss.

    Attributes:
        value: Per-sample values (N,), in nats where that makes sense, summed over dimensions.
        weight: What the core multiplies the batch mean with.
    """

    value: Tensor
    weight: float = 1.0


Terms = Mapping[str, Term | Tensor]
"""Named terms. A bare tensor has weight 1. The core takes means, weights and sums."""


def always(step: int) -> bool:
    """The phase takes part in every step."""
    return True


@dataclass(frozen=True)
class Phase:
    """One player's move: the parts it trains and the loss it minimises.

    Attributes:
        name: Unique within the objective; prefixes its terms in the log.
        trains: Parts whose parameters this phase moves. No other part's gradients are touched.
        loss: Per-sample terms, given the step.
        every: Runs on every k-th step, with the loss multiplied by k (lazy regularisation,
            Karras et al. 2020, appendix B).
        repeat: Moves per step, each on a batch of its own (n_critic).
        when: Whether the phase runs at a step at all.
        fresh: Draws its own batch and noise instead of the step's.
        optimizer_step: Moves its parts with the gradients that it computed. False: it leaves them,
            and the next phase that has an optimiser step moves these parts along with its own.
        second_order: The loss differentiates a gradient: run it in float32, eager.
    """

    name: str
    trains: tuple[str, ...]
    loss: Callable[[Step], Terms]
    every: int = 1
    repeat: int = 1
    when: Callable[[int], bool] = always
    fresh: bool = False
    optimizer_step: bool = True
    second_order: bool = False


@dataclass(frozen=True)
class OptimizerSettings:
    """Adam's settings for one part (Kingma and Ba 2015); decay is decoupled (AdamW)."""

    learning_rate: float = 2e-4
    betas: tuple[float, float] = (0.9, 0.999)
    weight_decay: float = 0.0


@dataclass(frozen=True)
class TrainingContext:
    """What an objective may know before the first step.

    Attributes:
        sample: Contract of the samples, with the architecture's value range.
        latent: Contract of the latents.
        data_count: Number of training samples.
        batch_size: Samples per step.
        total_steps: Number of steps planned.
        inherited: Parts that begin with the weights of a model; none where training begins anew.
    """

    sample: SampleSpec
    latent: LatentSpec
    data_count: int
    batch_size: int
    total_steps: int
    inherited: tuple[str, ...] = ()


class Objective(ABC):
    """A way to learn. Its own state goes through `state_dict`, as tensors only.

    Args:
        config: Validated configuration.
        context: The run that it belongs to.
    """

    def __init__(self, config: Config, context: TrainingContext) -> None:
        self.config = config
        self.context = context

    def check(self, parts: Mapping[str, nn.Module]) -> None:
        """Refuse networks this objective is wrong for.

        Raises:
            CapabilityError: Says which property is missing and what would do instead.
        """
        return

    @abstractmethod
    def phases(self) -> Sequence[Phase]:
        """The moves of one step, in order. Called once."""

    @abstractmethod
    def optimizer(self, part: str) -> OptimizerSettings:
        """Settings for the optimiser of `part`."""

    def parts(self) -> Mapping[str, nn.Module]:
        """Networks that only this objective needs, e.g. a density-ratio critic; trained, never
        published."""
        return {}

    def frozen(self) -> Mapping[str, FeatureNetwork]:
        """Networks that losses look at samples through and nobody trains, by name.

        The core puts them on the run's device. A checkpoint has their hash alone, and goes on with
        no other weights; an artifact names them.
        """
        return {}

    def vital_signs(self) -> Sequence[VitalSign]:
        """What logged values say about the health of a run, for the doctor."""
        return ()

    def state_dict(self) -> dict[str, Tensor]:
        """State beyond the parts: augmentation strength, running means."""
        return {}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Restore what `state_dict` returned."""
        return
