"""Which device and which precision to compute with."""

from __future__ import annotations

import torch

from genzoo.errors import UsageError


def choose_device(name: str) -> torch.device:
    """`auto` takes a GPU where there is one.

    Raises:
        UsageError: The name is no device, or this machine lacks it.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise UsageError(
            f"The device '{name}' is not available here.", "Use --device cpu or --device auto."
        ) from error
    return device


def multiplies_bfloat16(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 natively; emulation is slower than float32."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type == "cpu":
        return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
    return False


def choose_precision(name: str, device: torch.device) -> str:
    """`auto` becomes `bf16` where the device multiplies it natively, else `fp32`."""
    if name == "auto":
        return "bf16" if multiplies_bfloat16(device) else "fp32"
    return name
