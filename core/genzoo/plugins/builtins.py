"""What genzoo itself registers, through the hooks that any plugin has."""

from __future__ import annotations

from genzoo.plugins.hookspecs import hookimpl
from genzoo.records import KindSpec, TrackerSpec


@hookimpl
def genzoo_kinds() -> list[KindSpec]:
    """Kinds of content that come with genzoo."""
    return [
        KindSpec(
            name="image",
            summary="Square images, in colour or grey",
            target="genzoo.media.image:ImageKind",
            config="genzoo.media.image_options:ImageOptions",
        )
    ]


@hookimpl
def genzoo_trackers() -> list[TrackerSpec]:
    """Trackers that come with genzoo."""
    return [
        TrackerSpec(
            name="tensorboard",
            summary="Event files for TensorBoard, in the run's folder",
            target="genzoo.training.tensorboard:TensorBoardTracker",
            requires=("tensorboard",),
            automatic=True,
        )
    ]
