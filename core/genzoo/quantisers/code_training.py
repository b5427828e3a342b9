"""The steps in which a distribution of codes is learnt."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from genzoo.errors import DivergenceError
from genzoo.interfaces.noise import derive_seed
from genzoo.interfaces.ramp import ramp
from genzoo.quantisers.options import CodePriorConfig

WARMUP = 0.05
"""Share of the steps over which the learning rate rises; then it falls to 0 along half a cosine."""

LARGEST_NORM = 1.0


class CodeTraining:
    """Maximum likelihood by Adam, step by step. Batches are a function of the seed and the step.

    Args:
        prior: What learns: a module with `nats`.
        codes: Those of the data, (N, streams, *places).
        config: Steps, batch size and learning rate.
        seed: Names the batches.
        labels: Classes of the samples (N,), for a prior that has classes.

    Attributes:
        step: Steps complete; set it, with the states of prior and optimiser, to go on.
        optimizer: Adam's, with its state.
    """

    def __init__(
        self,
        prior: nn.Module,
        codes: Tensor,
        config: CodePriorConfig,
        seed: int,
        labels: Tensor | None = None,
    ) -> None:
        self.prior = prior
        self.step = 0
        self.optimizer = torch.optim.Adam(prior.parameters(), betas=(0.9, 0.95))
        self._codes = codes
        self._labels = labels
        self._config = config
        self._seed = seed

    @property
    def done(self) -> bool:
        """Whether all steps are complete."""
        return self.step >= self._config.steps

    @torch.enable_grad()
    def advance(self) -> Tensor:
        """Take a step; the mean of -log p over its batch before it, in nats, ().

        Raises:
            DivergenceError: It is not finite.
        """
        self.prior.train()
        for group in self.optimizer.param_groups:
            group["lr"] = self._rate()
        loss: Tensor = self.prior.nats(*self._batch()).mean()  # type: ignore[operator]
        if not bool(torch.isfinite(loss)):
            raise DivergenceError(
                f"The prior diverged at step {self.step}.", "Fit it with a lower learning_rate."
            )
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.prior.parameters(), LARGEST_NORM)
        self.optimizer.step()
        self.step += 1
        self.prior.eval()
        return loss.detach()

    def _rate(self) -> float:
        config = self._config
        warmup = WARMUP * config.steps
        rising = ramp(self.step + 1, warmup)
        falling = 1.0 - ramp(self.step - warmup, config.steps - warmup, "cosine")
        return config.learning_rate * rising * falling

    def _batch(self) -> tuple[Tensor, Tensor | None]:
        generator = torch.Generator().manual_seed(derive_seed(self._seed, "codes", self.step))
        size = min(self._config.batch_size, len(self._codes))
        rows = torch.randint(len(self._codes), (size,), generator=generator)
        rows = rows.to(self._codes.device)
        return self._codes[rows], None if self._labels is None else self._labels[rows]
