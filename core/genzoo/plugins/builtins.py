"""What genzoo itself registers, through the hooks that any plugin has."""

from __future__ import annotations

from genzoo.plugins.hookspecs import hookimpl
from genzoo.records import KindSpec


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
