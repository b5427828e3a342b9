"""What `convgan` and `dcgan` share: stacks of convolutions, and how weights go from one to another.

Stages are counted from the middle, 4x4 pixels, so that a model of another size lends what it has
learnt of everything but the last doubling.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor

from genzoo import Architecture, ImagePyramid, SampleSpec
from genzoo_gan.conditioning import LABEL_FEATURES
from genzoo_gan.configs import WidthConfig
from genzoo_gan.image_architecture import KINDS, ImageArchitecture
from genzoo_gan.infer_options import infer_generator

LEAST_WIDTH = 4


class ConvStackArchitecture(ImageArchitecture):
    """A generator and a discriminator that halve and double the sides, 4x4 convolutions all.

    Attributes:
        batch_norm: Whether the discriminator is normalised.
    """

    batch_norm: ClassVar[bool]
    config: WidthConfig

    @classmethod
    def infer(cls, shapes: Mapping[str, tuple[int, ...]]) -> Mapping[str, Any]:
        """Everything, from the generator's weights."""
        return infer_generator(shapes)

    @classmethod
    def adapted_config(
        cls, config: Mapping[str, Any], source: SampleSpec, sample: SampleSpec
    ) -> Mapping[str, Any]:
        """Half the width for twice the size: the inner layers are then as they were."""
        more = _stages(sample) - _stages(source)
        width = config["width"] / 2**more
        if width != int(width) or width < LEAST_WIDTH:
            return config
        return {**config, "width": int(width)}

    def inherited(
        self, part: str, tensors: Mapping[str, Tensor], source: Architecture
    ) -> Mapping[str, Tensor]:
        """Stage by stage, counted from the middle."""
        before, after = _stages(source.sample), _stages(self.sample)
        if part == "generator":
            classes = LABEL_FEATURES if self.sample.classes else 0
            return carried_generator(tensors, before, after, self.config.latent_dim + classes)
        if part == "discriminator":
            return carried_discriminator(tensors, before, after, self.batch_norm)
        return tensors


def _stages(sample: SampleSpec) -> int:
    return ImagePyramid.of(sample, "convgan", KINDS).doublings


def carried_generator(
    tensors: Mapping[str, Tensor], before: int, after: int, latent_dim: int
) -> dict[str, Tensor]:
    """Weights of a `ConvGenerator` of `before` stages for one of `after`, from 4x4 pixels on.

    What leads to the image is left out where the stages differ in number. Where the other has
    classes and this one has none, weights of zero for them are put in.

    Args:
        tensors: By name.
        before: Stages of the generator that they are of.
        after: Stages that are wanted.
        latent_dim: Dimensions of the latent with the embedding of its class.
    """
    carried = dict(tensors)
    if before != after:
        last = 3 * min(before, after) - 1
        carried = {name: t for name, t in tensors.items() if _layer(name) < last}
    first = carried.get("first.weight")
    if first is not None and first.shape[0] + LABEL_FEATURES == latent_dim:
        zeros = first.new_zeros(LABEL_FEATURES, *first.shape[1:])
        carried["first.weight"] = torch.cat([first, zeros])
    return carried


def carried_discriminator(
    tensors: Mapping[str, Tensor], before: int, after: int, batch_norm: bool
) -> dict[str, Tensor]:
    """Weights of a `ConvDiscriminator` of `before` stages for one of `after`, from 4x4 pixels on.

    What sees the image is left out where the stages differ in number.

    Args:
        tensors: By name.
        before: Stages of the discriminator that they are of.
        after: Stages that are wanted.
        batch_norm: Whether its layers are normalised.
    """
    if before == after:
        return dict(tensors)
    each = 3 if batch_norm else 2
    carried = {}
    for name, tensor in tensors.items():
        place = _layer(name)
        if place < 0:
            carried[name] = tensor
        elif place >= 2 and (moved := place + each * (after - before)) >= 2:
            carried[f"layers.{moved}.{name.split('.', 2)[2]}"] = tensor
    return carried


def _layer(name: str) -> int:
    """The place of a tensor's layer among `layers`; -1 for one of another module."""
    head, _, rest = name.partition(".")
    return int(rest.split(".")[0]) if head == "layers" else -1
