"""Building networks without values, to be filled from a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

_FILLS = {
    Tensor.add_,
    Tensor.bernoulli_,
    Tensor.clamp_,
    Tensor.copy_,
    Tensor.div_,
    Tensor.erfinv_,
    Tensor.exponential_,
    Tensor.fill_,
    Tensor.mul_,
    Tensor.normal_,
    Tensor.random_,
    Tensor.sub_,
    Tensor.uniform_,
    Tensor.zero_,
}
_DRAWS = {torch.rand, torch.randn}


class _NoValues(TorchFunctionMode):
    """Skips filling and drawing on the meta device.

    It would compute nothing, but torch runs some of it through decompositions in Python, whose
    import takes seconds.
    """

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = {key: value for key, value in (kwargs or {}).items() if value is not None}
        if func in _FILLS or getattr(func, "__module__", "") == nn.init.__name__:
            target = args[0] if args else kwargs.get("tensor")
            if isinstance(target, Tensor) and target.is_meta:
                return target
        if func in _DRAWS and "device" not in kwargs:
            return torch.empty(*args, **{**kwargs, "device": "meta"})
        return func(*args, **kwargs)


@contextmanager
def without_values() -> Iterator[None]:
    """Tensors made in this block have shapes and no content: they are on the meta device."""
    with torch.device("meta"), _NoValues():
        yield


def lacks_values(module: nn.Module) -> bool:
    """Whether any tensor of the module, registered or not, is still on the meta device."""
    return any(
        _is_meta(value)
        for child in module.modules()
        for group in (child._parameters, child._buffers, vars(child))
        for value in group.values()
    )


def _is_meta(value: object) -> bool:
    if isinstance(value, Tensor):
        return value.is_meta
    return isinstance(value, list | tuple) and any(_is_meta(item) for item in value)
