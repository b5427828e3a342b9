"""Which options give layers of some widths."""

from __future__ import annotations

from collections.abc import Sequence

from genzoo_gan.stylegan.persistent import not_understood
from genzoo_gan.stylegan.resolutions import levels


def channel_options(widths: Sequence[int], shape: tuple[int, ...], path: str) -> dict[str, int]:
    """`channel_base` and `channel_max` of blocks that have these channels, the smallest first.

    Raises:
        ArtifactError: No options give them; names the record at `path`.
    """
    most = max(widths)
    found = levels(shape, 1 << 20, 1 << 20)
    last = widths[-1] * found[-1].resolution
    for base in dict.fromkeys((1 << max(last - 1, 1).bit_length(), last)):
        given = [level.channels for level in levels(shape, base, most)]
        if given == list(widths):
            return {"channel_base": base, "channel_max": most}
    raise not_understood(path, f"no channel_base gives layers of {list(widths)[:12]} channels")
