"""Transformed weights that are computed once for all passes of a loss."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from torch import Tensor

Transformed = dict[tuple[int, int, Hashable], tuple[Tensor, Tensor]]

_transformed: ContextVar[Transformed | None] = ContextVar("transformed", default=None)


@contextmanager
def transform_weights_once() -> Iterator[None]:
    """Within the block each weight is transformed once, as autocast casts a weight once.

    A discriminator goes over real and over fake samples with the same weights. As with autocast, a
    weight whose values are replaced within the block behind torch's back, through `.data`, is not
    noticed.
    """
    token = _transformed.set({})
    try:
        yield
    finally:
        _transformed.reset(token)


def shared_weight(weight: Tensor, form: Hashable, transform: Callable[[], Tensor]) -> Tensor:
    """What `transform` makes of the weight, which depends on nothing but that and the form."""
    transformed = _transformed.get()
    if transformed is None:
        return transform()
    key = (id(weight), weight._version, form)
    if key not in transformed:
        # With the weight, so that no other comes to have its identity.
        transformed[key] = weight, transform()
    return transformed[key][1]
