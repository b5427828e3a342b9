"""Objective `autoencoder`: the first stage of models in latents.

Esser et al. 2021 (VQGAN) and Rombach et al. 2022 (latent diffusion). What a pixel loss leaves out,
a distance in features and a discriminator of patches ask for.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from genzoo import (
    CapabilityError,
    CodeUse,
    FeatureNetwork,
    LatentUse,
    Likelihood,
    Objective,
    OptimizerSettings,
    Phase,
    Posterior,
    QuantisedPosterior,
    Separation,
    Step,
    Term,
    Terms,
    TrainingContext,
    VitalSign,
)
from genzoo_vae.autoencoding.equivariance import choose_transform
from genzoo_vae.autoencoding.patch_discriminator import PatchDiscriminator, hinge_losses
from genzoo_vae.autoencoding.perceptual import AUTO, NONE, open_distance
from genzoo_vae.check import check_autoencoder
from genzoo_vae.configs import AutoencoderConfig
from genzoo_vae.elbo import active_units
from genzoo_vae.heads import LearnedLogScale

MOST_ADAPTED = 1e4
"""Most that the adaptive weight multiplies the verdict with (Esser et al. 2021, equation 7)."""


class AutoencoderObjective(Objective):
    """Minimises reconstruction losses, a KL divergence or a quantiser's penalty, and a verdict.

    All are for one value of a sample: pixel losses are means over values, and the KL divergence, in
    nats for a sample, is divided by their number. With `likelihood`, beta 1 and nothing else this
    is the negative ELBO for each value.

    Players are isolated: the discriminator sees reconstructions cut off from their graph, and its
    verdict moves the encoder and the decoder in their own phase alone.

    Args:
        config: Validated configuration.
        context: The run that it belongs to.

    Raises:
        CapabilityError: Features, patches or turned latents are asked for, and samples are not
            images.
        UsageError: The feature space is not known or not installed.
    """

    config: AutoencoderConfig

    def __init__(self, config: AutoencoderConfig, context: TrainingContext) -> None:
        super().__init__(config, context)
        sample = context.sample
        images = sample.kind == "image" and len(sample.shape) == 3
        _check_images(config, images)
        wanted = config.perceptual if images and sample.shape[0] in (1, 3) else NONE
        if config.perceptual_weight == 0.0:
            wanted = NONE
        self.perceptual = open_distance(wanted, min(sample.shape[1:])) if images else None
        self.values = math.prod(sample.shape)
        if config.equivariance and not _square(context.latent.shape):
            raise CapabilityError("Only square latent images can be turned.", "Leave it out.")

    def check(self, parts: Mapping[str, nn.Module]) -> None:
        """Refuse networks that are not encoder and decoder, or that this would not train.

        Raises:
            CapabilityError: Says which part is of the wrong kind, or what would train it.
        """
        check_autoencoder(parts, "autoencoder")
        sample = self.context.sample
        if len(sample.shape) != 3 and self.config.pixels != "likelihood":
            # The means of other likelihoods need not have gradients, such as those of tokens.
            raise CapabilityError(
                f"--pixels {self.config.pixels} compares images, and these are not.",
                "Add --pixels likelihood, or use --objective elbo.",
            )
        learns = any(isinstance(layer, LearnedLogScale) for layer in parts["decoder"].modules())
        if learns and self.config.pixels != "likelihood":
            raise CapabilityError(
                f"The decoder learns a scale, which --pixels {self.config.pixels} does not train.",
                "Add --pixels likelihood, or --likelihood fixed-gaussian.",
            )

    def parts(self) -> Mapping[str, nn.Module]:
        """The discriminator of patches, where it has a say."""
        if not self.config.adversarial:
            return {}
        channels, height, width = self.context.sample.shape
        side = min(height, width)
        return {"discriminator": PatchDiscriminator(channels, self.config.patch_width, side)}

    def frozen(self) -> Mapping[str, FeatureNetwork]:
        """The network that the perceptual distance is measured in, if there is one."""
        return {} if self.perceptual is None else {"perceptual": self.perceptual.network}

    def phases(self) -> Sequence[Phase]:
        """The discriminator's move, once it has begun, then that of encoder and decoder."""
        trained = Phase("autoencoder", ("encoder", "decoder"), self.loss)
        if not self.config.adversarial:
            return (trained,)
        judge = Phase("discriminator", ("discriminator",), self.judge, when=self.judged)
        return judge, trained

    def judged(self, step: int) -> bool:
        """Whether the discriminator has a say at a step."""
        begins = self.config.adversarial_start * self.context.total_steps
        return self.config.adversarial > 0.0 and step >= begins

    def optimizer(self, part: str) -> OptimizerSettings:
        """The same settings for all parts."""
        return OptimizerSettings(self.config.learning_rate, self.config.betas)

    def vital_signs(self) -> Sequence[VitalSign]:
        """How many codes or units are in use, and how well patches are told apart."""
        latent = self.context.latent
        signs: list[VitalSign] = []
        if latent.codes:
            drawn = self.context.batch_size * math.prod(latent.shape[1:])
            remedy = "Start again with a higher --revive, fewer --codes, or --quantiser fsq."
            signs.append(CodeUse("autoencoder/perplexity", min(latent.codes, drawn), remedy))
        else:
            units = math.prod(latent.shape)
            remedy = f"Start again with --beta {self.config.beta / 10:g}."
            signs.append(LatentUse("autoencoder/active_units", units, remedy))
        if self.config.adversarial:
            weaken = f"Start again with --adversarial {self.config.adversarial / 4:g}."
            losses = ("discriminator/real", "discriminator/made")
            signs.append(Separation("discriminator/separation", losses, weaken, weaken))
        return tuple(signs)

    def judge(self, step: Step) -> Terms:
        """The hinge loss of the discriminator, (N,) each."""
        _, likelihood, x = self._reconstructed(step)
        discriminator = step.part("discriminator")
        real, made = discriminator(x), discriminator(likelihood.unclamped_mean().detach())
        step.report("separation", (real.mean(1) > made.mean(1)).float())
        losses = hinge_losses(real, made)
        return {"real": losses[0], "made": losses[1]}

    def loss(self, step: Step) -> Terms:
        """What encoder and decoder minimise, (N,) each."""
        posterior, likelihood, x = self._reconstructed(step)
        made = likelihood.unclamped_mean()
        terms: dict[str, Term | Tensor] = {"pixels": self._pixels(x, likelihood, made)}
        if self.perceptual is not None:
            weight = self.config.perceptual_weight
            terms["features"] = Term(self.perceptual(self._shown(x), self._shown(made)), weight)
        self._add_rate(step, posterior, terms)
        if self.judged(step.index):
            verdict = -step.part("discriminator")(made).float().mean(1)
            terms["verdict"] = Term(verdict, self._verdict_weight(step, terms, verdict))
        return terms

    def _reconstructed(self, step: Step) -> tuple[Posterior, Likelihood, Tensor]:
        """The posteriors, the likelihoods of their draws, and what these should be like."""
        return step.once("reconstruction", lambda: self._reconstruct(step))

    def _reconstruct(self, step: Step) -> tuple[Posterior, Likelihood, Tensor]:
        x, labels = step.batch.x, step.batch.labels
        posterior = step.part("encoder")(x, labels)
        z = posterior.rsample(step.noise("posterior"))
        if self.config.latent_noise:
            z = z + self.config.latent_noise * step.noise("latent noise").normal(*z.shape[1:])
        if self.config.equivariance:
            # A sum of uniform numbers is uniform but for whole ones, and the same everywhere.
            drawn = step.noise("transform").uniform(3)
            chance = (step.batch_mean(drawn) * self.context.batch_size).remainder(1.0)
            transform = choose_transform(chance, self.config.equivariance, z.shape[-1])
            if transform is not None:
                x = transform.of_image(x, z.shape[-1])
                z = transform.of_latent(z)
        return posterior, step.part("decoder")(z, labels), x

    def _shown(self, x: Tensor) -> Tensor:
        """Samples in [-1, 1], as networks of features take them."""
        low, high = self.context.sample.low, self.context.sample.high
        return x if (low, high) == (-1.0, 1.0) else (x - low) * (2.0 / (high - low)) - 1.0

    def _pixels(self, x: Tensor, likelihood: Likelihood, made: Tensor) -> Tensor:
        if self.config.pixels == "likelihood":
            return -likelihood.log_prob(x) / self.values
        difference = (x - made).flatten(1)
        return (difference.abs() if self.config.pixels == "l1" else difference.square()).mean(1)

    def _add_rate(self, step: Step, posterior: Posterior, terms: dict[str, Term | Tensor]) -> None:
        if isinstance(posterior, QuantisedPosterior):
            quantised = posterior.quantised
            latents = math.prod(self.context.latent.shape)
            terms["commitment"] = Term(quantised.penalty / latents, self.config.commitment)
            perplexity, share = posterior.quantiser.usage(quantised.codes)
            step.report("perplexity", perplexity)
            step.report("codes_in_use", share)
        else:
            kl = posterior.kl().flatten(1).sum(1)
            terms["rate"] = Term(kl / self.values, self.config.beta)
            step.report("nats", kl)
            step.report("active_units", active_units(posterior.mode(), step.batch_mean))

    def _verdict_weight(self, step: Step, terms: Terms, verdict: Tensor) -> float:
        if not self.config.adaptive:
            return self.config.adversarial
        last = _last_weight(step.part("decoder"))
        others = torch.stack(
            [
                (term.weight * term.value if isinstance(term, Term) else term).mean()
                for name, term in terms.items()
                if name in ("pixels", "features")
            ]
        ).sum()
        sizes = []
        for loss in (others, verdict.mean()):
            (gradient,) = torch.autograd.grad(loss, last, retain_graph=True)
            sizes.append(step.batch_mean(gradient.unsqueeze(0)).norm())
        adapted = (sizes[0] / (sizes[1] + 1e-4)).clamp(0.0, MOST_ADAPTED)
        step.report("verdict_weight", self.config.adversarial * adapted)
        return self.config.adversarial * float(adapted)


def _last_weight(decoder: nn.Module) -> Tensor:
    """The weight of the decoder's last layer."""
    weights = [p for p in decoder.parameters() if p.dim() > 1 and p.requires_grad]
    return weights[-1]


def _check_images(config: AutoencoderConfig, images: bool) -> None:
    asked = {
        "--adversarial": bool(config.adversarial),
        "--equivariance": bool(config.equivariance),
        "--perceptual": config.perceptual not in (AUTO, NONE),
    }
    for option, wanted in asked.items():
        if wanted and not images:
            raise CapabilityError(f"{option} is for images.", "Leave it out.")


def _square(shape: tuple[int, ...]) -> bool:
    return len(shape) == 3 and shape[1] == shape[2]
