"""torch's global state, which belongs to the user: defaults, modes and random generators."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from genzoo.system.random_turn import random_turn

_lock = threading.RLock()
_within = 0
_users_dtype = torch.float32


@contextmanager
def plain_defaults() -> Iterator[None]:
    """Within it new tensors are float32 and on the processor, whatever the user has set.

    torch has one default type for all threads: while one of them is within, it is float32 in all.
    """
    with ExitStack() as stack:
        if torch.empty(0).device.type != "cpu":
            # A mode costs time at every call.
            stack.enter_context(torch.device("cpu"))
        stack.enter_context(_float32())
        yield


@contextmanager
def plain_inference() -> Iterator[None]:
    """`plain_defaults`, without gradients: within an inference mode, that of the user stays."""
    with plain_defaults(), torch.no_grad():
        yield


@contextmanager
def plain_modes() -> Iterator[None]:
    """`plain_defaults`, with gradients recorded, no inference mode and no autocast around."""
    with ExitStack() as stack:
        stack.enter_context(plain_defaults())
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.enable_grad())
        for kind in ("cpu", "cuda"):
            if torch.is_autocast_enabled(kind):
                stack.enter_context(torch.autocast(kind, enabled=False))
        yield


@contextmanager
def _float32() -> Iterator[None]:
    global _within, _users_dtype
    with _lock:
        if _within == 0:
            _users_dtype = torch.get_default_dtype()
            if _users_dtype != torch.float32:
                torch.set_default_dtype(torch.float32)
        _within += 1
    try:
        yield
    finally:
        with _lock:
            _within -= 1
            if _within == 0 and _users_dtype != torch.float32:
                torch.set_default_dtype(_users_dtype)


class _Draws(TorchDispatchMode):
    """Gives every drawing operation of this thread a generator of its own."""

    def __init__(self, seed: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._seed = seed
        self._generators: dict[torch.device, torch.Generator] = {}

    def __torch_dispatch__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        values = dict(kwargs or {})
        drawing = _with_generator(func)
        if drawing is None or values.get("generator") is not None:
            return func(*args, **values)
        place = next((each.device for each in args if isinstance(each, torch.Tensor)), None)
        place = place or torch.device(values.get("device") or "cpu")
        return drawing(*args, **values, generator=self._generator(place))

    def _generator(self, device: torch.device) -> torch.Generator | None:
        if device.type == "meta":
            return None
        if device not in self._generators:
            self._generators[device] = torch.Generator(device).manual_seed(self._seed)
        return self._generators[device]


def _with_generator(func: Any) -> Any:
    """The form of an operation that takes a generator; None where it has none."""
    if any(argument.name == "generator" for argument in func._schema.arguments):
        return func
    name = "generator" if func._overloadname == "default" else f"{func._overloadname}_generator"
    return getattr(func.overloadpacket, name, None)


@contextmanager
def own_draws(seed: int) -> Iterator[None]:
    """Within it this thread draws from generators of its own, made from `seed`.

    The numbers are those that a global generator of that seed would give. The global ones are
    neither used nor moved, whatever other threads do. Operations take longer: it is for building.
    """
    with _Draws(seed):
        yield


@contextmanager
def seeded_generators(seed: int, device: torch.device) -> Iterator[None]:
    """Within it the global generators of the processor and of `device` begin from `seed`.

    They are as before afterwards. One thread is within at a time. It costs little: it is for steps.
    """
    places = [device] if device.type not in ("cpu", "meta") else []
    with random_turn, torch.random.fork_rng(places, device_type=device.type if places else "cuda"):
        torch.default_generator.manual_seed(seed)
        if device.type == "cuda":
            with torch.cuda.device(device):
                torch.cuda.manual_seed(seed)
        elif device.type == "mps":
            torch.mps.manual_seed(seed)
        yield
