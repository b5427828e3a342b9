"""A recipe for networks, bound to a configuration and to the contract of the samples."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from torch import Tensor, nn

from genzoo.interfaces.prior import Prior, StandardNormal
from genzoo.specs import Config, LatentSpec, SampleSpec


class Architecture(ABC):
    """Builds the parts of a model.

    A subclass's constructor checks that it can model such samples and sets `sample` (the given
    contract with the value range its networks work in) and `latent`. It must give the same result
    when it is handed the `sample` it produced: that is how saved models are rebuilt.

    Args:
        config: Validated configuration.
        sample: Contract of the data: kind, shape, classes.

    Attributes:
        any_shape: True where the parts it builds do not depend on the sample's shape but for the
            channels, as with convolutions alone: a built model then takes samples of other shapes.
        sampling_prior: The fitted prior that samples are drawn from by default, where there is one.
        draws_samples: True where a sample is a draw from the decoder's likelihood, with noise of
            its own, as with text and whatever else is modelled piece by piece. Otherwise it is the
            likelihood's mean, as is the custom with images.

    Raises:
        SpecError: It cannot model such samples; says what it can.
    """

    any_shape: ClassVar[bool] = False
    sampling_prior: ClassVar[str] = ""
    draws_samples: bool = False

    sample: SampleSpec
    latent: LatentSpec

    def __init__(self, config: Config, sample: SampleSpec) -> None:
        self.config = config
        self.sample = sample

    @abstractmethod
    def build(self) -> Mapping[str, nn.Module]:
        """Freshly initialised parts by name. Works on the meta device too."""

    @classmethod
    def infer(cls, shapes: Mapping[str, tuple[int, ...]]) -> Mapping[str, Any]:
        """What the shapes of weights tell of the options that they were made with.

        `genzoo import` asks for it: weights of other programs come without a configuration. The
        answer is tried and never trusted, so a guess does no harm.

        Args:
            shapes: Of the tensors in a file, by name, in its order. The names are not genzoo's, and
                they may be anything: the answer is empty where they are nothing known.

        Returns:
            Fields of the config and options of the kind, such as `size` of images, by name.
        """
        return {}

    @classmethod
    def adapted_config(
        cls, config: Mapping[str, Any], source: SampleSpec, sample: SampleSpec
    ) -> Mapping[str, Any]:
        """Options to begin with where a model that is trained on is to model other samples.

        Where the shape of the samples decides what the networks look like, other options may let
        more of the weights fit. By default they stay.

        Args:
            config: The model's options.
            source: What it models.
            sample: What is to be modelled; its classes are not known yet.
        """
        return config

    def inherited(
        self, part: str, tensors: Mapping[str, Tensor], source: Architecture
    ) -> Mapping[str, Tensor]:
        """Weights of a part of another model, under the names and in the shapes they have here.

        Training that begins with a model's weights asks for it. What is left out begins anew, as
        layers do that are for another size. Rows of class embeddings are matched by class
        afterwards, whatever they are called. By default everything keeps its name.

        Args:
            part: Which part.
            tensors: Its weights by name.
            source: This architecture as it is bound in the other model.
        """
        return tensors

    def prior(self) -> Prior:
        """Where latents are drawn from while training and by default afterwards."""
        return StandardNormal(self.latent)
