"""How StyleGAN2 learns (Karras et al. 2020, arXiv:1912.04958, sections 3.1, 3.2, appendix B)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from genzoo import (
    CapabilityError,
    OptimizerSettings,
    Phase,
    Step,
    StyleGenerator,
    Term,
    Terms,
    TrainingContext,
)
from genzoo_gan.objectives.logistic import LogisticLosses
from genzoo_gan.penalties import squared_gradient
from genzoo_gan.stylegan.configs import StyleObjectiveConfig

USUAL_GAMMA = 0.0002
"""Of R1, for each pixel and divided by the batch size (Karras et al. 2020, arXiv:2006.06676)."""


class StyleGANObjective(LogisticLosses):
    """Objective `stylegan2`: non-saturating, with lazy R1, lazy path lengths and mixed styles.

    A lazy phase moves on its own. Learning rate and decay rates make up for the added moves.
    """

    config: StyleObjectiveConfig

    def __init__(self, config: StyleObjectiveConfig, context: TrainingContext) -> None:
        super().__init__(config, context)
        pixels = math.prod(context.sample.shape[1:])
        usual = USUAL_GAMMA * pixels / context.batch_size
        self.gamma = usual if config.gamma is None else config.gamma
        self._mean_length = torch.zeros(())

    def check(self, parts: Mapping[str, nn.Module]) -> None:
        """Refuse a generator that has no styles.

        Raises:
            CapabilityError: There are none to mix and to measure path lengths by.
        """
        if not isinstance(parts.get("generator"), StyleGenerator):
            raise CapabilityError(
                "The objective stylegan2 mixes styles, and this generator has none.",
                "Use --objective gan, or the architecture stylegan2.",
            )

    def phases(self) -> Sequence[Phase]:
        """The discriminator's move and its penalty, then the generator's and its own."""
        sides = (
            ("discriminator", self.discriminator_loss, "penalty", self.penalty_loss),
            ("generator", self.generator_loss, "path", self.path_loss),
        )
        phases: list[Phase] = []
        for player, loss, name, penalty in sides:
            main, every = Phase(player, (player,), loss), self._every(player)
            if every is None:
                phases.append(main)
                continue
            alone = every > 1
            lazy = Phase(
                name, (player,), penalty, every=every, optimizer_step=alone, second_order=True
            )
            phases += [main, lazy] if alone else [lazy, main]
        return phases

    def optimizer(self, part: str) -> OptimizerSettings:
        """Adam, slowed by k / (k + 1) where one step in k has a second move (appendix B)."""
        settings, every = super().optimizer(part), self._every(part)
        if every is None or every == 1:
            return settings
        share = every / (every + 1)
        first, second = settings.betas
        return OptimizerSettings(settings.learning_rate * share, (first**share, second**share))

    def generate(self, step: Step) -> Tensor:
        """Fakes of the batch's labels, some of them of two latents; the mean style follows."""
        generator = step.part("generator")
        styles = generator.styles(step.latents(), step.batch.labels)
        mixed = self._mixed(step, styles, step.batch.labels)
        images: Tensor = generator.synthesise(mixed, step.noise("noise"))
        generator.track(styles, step.batch_mean)
        return images

    def penalty_loss(self, step: Step) -> Terms:
        """R1 by the real images, through their augmentation."""
        real = step.batch.x.detach().float().requires_grad_()
        logits = self.logits(step, self.augmented(step, real, "penalised"))
        return {"r1": Term(squared_gradient(logits, real), self.gamma / 2)}

    def path_loss(self, step: Step) -> Terms:
        """(length - mean length)^2 of what a step in style space is in image space.

        The length is that of the gradient of <image, y> by a style, with y normal (section 3.2).
        """
        shrink = self.config.path_length_shrink
        chosen = slice(None, None, shrink)
        labels = None if step.batch.labels is None else step.batch.labels[chosen]
        count = len(step.batch.x[chosen])
        generator = step.part("generator")
        styles = generator.styles(step.latents("path", count), labels)
        images = generator.synthesise(styles, step.noise("path-noise", count))
        random = step.noise("path-direction", count).normal(*images.shape[1:])
        projected = (images * random).sum() / math.prod(images.shape[2:]) ** 0.5
        (gradient,) = torch.autograd.grad(projected, styles, create_graph=True)
        lengths = gradient.square().sum(2).mean(1).sqrt()
        step.report("length", lengths)
        before = self._mean_length.to(lengths.device)
        mean = torch.lerp(before, step.batch_mean(lengths), self.config.path_length_decay)
        self._mean_length = mean.detach()
        # Each stands for `shrink` samples of the batch, which has a value for each sample.
        values = (lengths - mean).square().repeat_interleave(shrink)[: len(step.batch)]
        return {"path": Term(values, self.config.path_length)}

    def state_dict(self) -> dict[str, Tensor]:
        """The mean path length, and the strength of adaptive augmentation."""
        return {**super().state_dict(), "mean_path_length": self._mean_length}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Restore what `state_dict` returned."""
        super().load_state_dict(state)
        self._mean_length = state["mean_path_length"]

    def _every(self, player: str) -> int | None:
        """Steps from one regularisation of a player to the next; None for none."""
        if player == "discriminator":
            return self.config.penalty_every if self.gamma else None
        return self.config.path_length_every if self.config.path_length else None

    def _mixed(self, step: Step, styles: Tensor, labels: Tensor | None) -> Tensor:
        """Styles (N, L, D), some of which are another latent's from a random layer on."""
        if not self.config.style_mixing:
            return styles
        others = step.part("generator").styles(step.latents("mixed-latent"), labels)
        noise, layers = step.noise("mixing"), styles.shape[1]
        chosen = noise.uniform() < self.config.style_mixing
        first = 1 + (noise.uniform() * (layers - 1)).long()
        first = torch.where(chosen, first, layers)
        own = torch.arange(layers, device=styles.device) < first[:, None]
        return torch.where(own[:, :, None], styles, others)
