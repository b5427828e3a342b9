"""The Inception network whose features the Fréchet inception distance is defined on."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from genzoo.evaluation.extractors.frozen import frozen
from genzoo.evaluation.extractors.inception_network import InceptionV3
from genzoo.evaluation.extractors.resize import FILTER, resized
from genzoo.evaluation.extractors.weights import published_weights
from genzoo.interfaces.feature_extractor import FeatureExtractor

SHA256 = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
HINT = (
    "Get pt_inception-2015-12-05-6726825d.pth from the releases of mseitzer/pytorch-fid on GitHub "
    "and give it once with --features-file, or a copy of it: hf://OWNER/NAME/FILE on the Hub."
)


class InceptionV3Features(FeatureExtractor):
    """The 2,048 pooled features, of images at 299 pixels."""

    hash = f"sha256:{SHA256}"
    size = 299
    resize = FILTER

    def __init__(self, device: torch.device, file: Path | None = None) -> None:
        super().__init__(device)
        weights = published_weights(SHA256, file, HINT)
        self.network = frozen(InceptionV3, weights, device)

    @torch.inference_mode()
    def extract(self, images: Tensor) -> Tensor:
        """See `FeatureExtractor.extract`."""
        x = resized(images.to(self.device), self.size)
        return self.network((x - 128) / 128)
