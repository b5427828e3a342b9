"""Forms of weights that are made once for all uses in a loss."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from torch import Tensor

Made = dict[tuple[int, int, Hashable], tuple[Tensor, Tensor]]

_made: ContextVar[Made | None] = ContextVar("made", default=None)


@contextmanager
def shared_kernels() -> Iterator[None]:
    """Within the block each form of a weight is made once, as autocast casts a weight once.

    A discriminator goes over real and over fake samples with the same weights. As with autocast, a
    weight whose values are replaced within the block behind torch's back, through `.data`, is not
    noticed.
    """
    token = _made.set({})
    try:
        yield
    finally:
        _made.reset(token)


def kernel_of(weight: Tensor, form: Hashable, make: Callable[[], Tensor]) -> Tensor:
    """What `make` makes of the weight, which depends on nothing but that and the form."""
    made = _made.get()
    if made is None:
        return make()
    key = (id(weight), weight._version, form)
    if key not in made:
        # With the weight, so that no other comes to have its identity.
        made[key] = weight, make()
    return made[key][1]
