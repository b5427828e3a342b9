"""What an objective's logged values say about the health of a run. Imports no torch.

An objective declares them in `Objective.vital_signs`, so that the doctor can examine any of them
without knowing the family. `logged` is always a name in the log: `phase/name`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Separation:
    """How well a discriminator or critic tells real samples from made ones.

    Attributes:
        logged: Share of pairs of a real and a made sample in which the real one gets the higher
            output, from 0 to 1; 1/2 is chance.
        losses: What the discriminator minimises, in nats, that nears 0 where it never errs; empty
            for a critic whose losses have no such end.
        weaken: What to type where the discriminator is too strong for the generator.
        regularise: What to type where it knows a small data set by heart.
    """

    logged: str
    losses: tuple[str, ...]
    weaken: str
    regularise: str


@dataclass(frozen=True)
class LatentUse:
    """How many units of the latent an encoder uses.

    Attributes:
        logged: Number of active units (Burda et al. 2016, section 5.2).
        total: Number of units.
        remedy: What to type where hardly any is active.
    """

    logged: str
    total: int
    remedy: str


@dataclass(frozen=True)
class CodeUse:
    """How many codes of a codebook are in use.

    Attributes:
        logged: Perplexity of the codes, or number of different ones, in a batch.
        total: The most that it could be: the size of the codebook, or the codes drawn in a batch
            where those are fewer.
        remedy: What to type where most codes are dead.
    """

    logged: str
    total: int
    remedy: str


VitalSign = Separation | LatentUse | CodeUse
