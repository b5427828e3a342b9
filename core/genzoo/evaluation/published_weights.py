"""Published weights, checked by their hash and kept as safetensors."""

from __future__ import annotations

import hashlib
from pathlib import Path

from torch import Tensor

from genzoo.errors import DataError
from genzoo.system.atomic_files import atomic_write
from genzoo.system.cache_folder import cache_root


def published_weights(sha256: str, source: Path | None, hint: str) -> dict[str, Tensor]:
    """The tensors of a `.pth` file that others published, by name.

    The file is read once: its tensors are kept in genzoo's cache, and the file is not needed again.

    Args:
        sha256: What the file must hash to, in hexadecimal.
        source: The file, or None to take what is in the cache.
        hint: Where the file can be had.

    Raises:
        DataError: It is neither given nor in the cache, cannot be read, or is another one.
    """
    from safetensors.torch import load_file

    kept = cache_root() / "weights" / f"{sha256}.safetensors"
    if not kept.is_file():
        if source is None:
            raise DataError("The weights of the feature extractor are not on this machine.", hint)
        _convert(source, sha256, kept, hint)
    return load_file(kept)


def _convert(source: Path, sha256: str, kept: Path, hint: str) -> None:
    import torch
    from safetensors.torch import save_file

    try:
        with source.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"'{source}' cannot be read: {error.strerror or error}.", hint) from error
    if found != sha256:
        raise DataError(f"'{source}' is not the file of weights that it should be.", hint)
    # These very bytes were published in torch's own format and no other, and the hash says that it
    # is they. `weights_only` allows nothing but tensors all the same.
    tensors = torch.load(source, map_location="cpu", weights_only=True)
    with atomic_write(kept) as temporary:
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, temporary)
