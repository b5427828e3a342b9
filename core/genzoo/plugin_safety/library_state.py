"""The global settings of torch, numpy and random, read and set without importing them.

Where a library is not imported yet, its settings read as they will be after its import. States of
generators read as None then, and setting None makes a generator as new.
"""

from __future__ import annotations

import sys
from typing import Any

_NEW_MODES = ("float32", "cpu", True, False, False, False, False, False)


def _torch() -> Any:
    """The module torch once it is complete; None before."""
    found = sys.modules.get("torch")
    return found if hasattr(found, "set_default_device") else None


def torch_modes() -> tuple[Any, ...]:
    """Default dtype and device, and the switches that every computation of torch goes by."""
    if (torch := _torch()) is None:
        return _NEW_MODES
    return (
        str(torch.get_default_dtype()).removeprefix("torch."),
        str(torch.get_default_device()),
        torch.is_grad_enabled(),
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
        torch.is_anomaly_enabled(),
        torch.is_autocast_enabled("cpu"),
        torch.is_autocast_enabled("cuda"),
    )


def set_torch_modes(values: tuple[Any, ...]) -> None:
    """Set what `torch_modes` returned."""
    torch = _torch()
    dtype, device, grad, deterministic, warn_only, anomaly, cpu, cuda = values
    torch.set_default_dtype(getattr(torch, dtype))
    if str(torch.get_default_device()) != device:
        # None takes the mode away that any default device, the processor too, needs.
        torch.set_default_device(None if device == "cpu" else device)
    torch.set_grad_enabled(grad)
    torch.use_deterministic_algorithms(deterministic, warn_only=warn_only)
    torch.set_anomaly_enabled(anomaly)
    torch.set_autocast_enabled("cpu", cpu)
    torch.set_autocast_enabled("cuda", cuda)


def torch_threads() -> int | None:
    """How many threads an operation of torch may use."""
    return None if (torch := _torch()) is None else int(torch.get_num_threads())


def set_torch_threads(count: int | None) -> None:
    """Set what `torch_threads` returned; None leaves it: the number differs between machines."""
    if count is not None:
        _torch().set_num_threads(count)


def torch_random() -> list[bytes] | None:
    """The state of torch's own generators."""
    if (torch := _torch()) is None:
        return None
    states = [torch.default_generator.get_state()]
    if torch.cuda.is_initialized():
        states += torch.cuda.get_rng_state_all()
    return [state.numpy().tobytes() for state in states]


def set_torch_random(states: list[bytes] | None) -> None:
    """Set what `torch_random` returned."""
    torch = _torch()
    if states is None:
        torch.default_generator.seed()
        return
    first, *others = states
    torch.default_generator.set_state(torch.frombuffer(bytearray(first), dtype=torch.uint8))
    for number, state in enumerate(others):
        torch.cuda.set_rng_state(torch.frombuffer(bytearray(state), dtype=torch.uint8), number)


def python_random() -> tuple[Any, ...] | None:
    """The state of the module `random`."""
    module = sys.modules.get("random")
    state: tuple[Any, ...] | None = module.getstate() if hasattr(module, "getstate") else None  # type: ignore[union-attr]
    return state


def set_python_random(state: tuple[Any, ...] | None) -> None:
    """Set what `python_random` returned."""
    module = sys.modules["random"]
    if state is None:
        module.seed()
    else:
        module.setstate(state)


def numpy_random() -> tuple[Any, ...] | None:
    """The state of numpy's own generator."""
    if not hasattr(sys.modules.get("numpy.random"), "get_state"):
        return None
    name, keys, *place = sys.modules["numpy.random"].get_state()
    return name, keys.tobytes(), *place


def set_numpy_random(state: tuple[Any, ...] | None) -> None:
    """Set what `numpy_random` returned."""
    numpy = sys.modules["numpy"]
    if state is None:
        numpy.random.seed(None)
    else:
        name, keys, *place = state
        numpy.random.set_state((name, numpy.frombuffer(keys, numpy.uint32), *place))


def numpy_errors() -> dict[str, str]:
    """What numpy does about overflow and the like."""
    numpy: Any = sys.modules.get("numpy")
    if not hasattr(numpy, "geterr"):
        return {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}
    return dict(numpy.geterr())


def set_numpy_errors(values: dict[str, str]) -> None:
    """Set what `numpy_errors` returned."""
    sys.modules["numpy"].seterr(**values)
