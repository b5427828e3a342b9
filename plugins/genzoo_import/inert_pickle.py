"""What a pickle says, without doing it.

A pickle is a program for a machine with a stack. This one runs the program on plain data: it calls
nothing, imports nothing and reserves nothing, so that time and memory follow from the length of
the pickle alone. What the program would make becomes a `ForeignObject` that others may read.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol, cast

from genzoo import ForeignObject

MAX_STEPS = 4_000_000
"""Instructions in one pickle; a checkpoint of a hundred thousand tensors has as many."""

MAX_BITS = 256

LONG = 1 << 12
"""From how many bytes on a piece is a view, and at most how many a line has."""

_CONSTANTS = frozenset((
    "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT",
    "STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE",
    "BINUNICODE8", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8",
))  # fmt: skip
_FIXED: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None, "NEWTRUE": lambda: True, "NEWFALSE": lambda: False,
    "EMPTY_LIST": list, "EMPTY_DICT": dict, "EMPTY_TUPLE": tuple, "EMPTY_SET": list,
}  # fmt: skip
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_DICT = "collections.OrderedDict"


class PickleError(Exception):
    """A pickle that is damaged, or that says what plain data do not need."""


class ForbiddenNameError(PickleError):
    """A pickle that names what it may not.

    Attributes:
        name: The name, with its module.
    """

    def __init__(self, name: str) -> None:
        super().__init__(f"it names {name}")
        self.name = name


@dataclass(frozen=True, eq=False)
class Name:
    """Something in a module."""

    name: str


@dataclass(frozen=True, eq=False)
class Reference:
    """Something outside the pickle, by what it says of it."""

    content: Any


class Stream(Protocol):
    """A pickle that is read on from where it is."""

    def read(self, count: int, /) -> Any: ...
    def readline(self) -> bytes: ...
    def tell(self) -> int: ...


class Views:
    """A stream whose long pieces are views of the data: nothing is copied.

    Args:
        data: All of it.
    """

    def __init__(self, data: memoryview) -> None:
        self._data = data
        self._place = 0

    def read(self, count: int, /) -> bytes | memoryview:
        """The next bytes, as many as there are up to `count`."""
        piece = self._data[self._place : self._place + count]
        self._place += len(piece)
        return piece if len(piece) >= LONG else bytes(piece)

    def readline(self) -> bytes:
        """The next bytes up to the end of a line or of the data, at most `LONG`."""
        piece = bytes(self._data[self._place : self._place + LONG])
        line = piece[: piece.find(b"\n") + 1] or piece
        self._place += len(line)
        return line

    def tell(self) -> int:
        """How many bytes were read."""
        return self._place


def run(data: Stream, allowed: Callable[[str], bool]) -> Any:
    """The value that the pickle at the position of `data` describes; the position is behind it.

    Args:
        data: In memory.
        allowed: Whether a name with its module may be in it.

    Raises:
        ForbiddenNameError: It names something else.
        PickleError: It is damaged, too long, or not plain data.
    """
    machine = _Machine(allowed)
    try:
        for step, (code, argument, _) in enumerate(pickletools.genops(cast(BinaryIO, data))):
            if step >= MAX_STEPS:
                raise PickleError(f"it has over {MAX_STEPS:,} instructions")
            machine.step(code.name, argument)
        return machine.stack.pop()
    # A warning is raised where users ask for that, as of an escape that text of old may have.
    except (ValueError, IndexError, KeyError, TypeError, OverflowError, Warning) as error:
        raise PickleError("it is cut short, or makes no sense") from error


class _Machine:
    def __init__(self, allowed: Callable[[str], bool]) -> None:
        self.stack: list[Any] = []
        self._allowed = allowed
        self._marks: list[int] = []
        self._memo: dict[int, Any] = {}

    def step(self, code: str, argument: Any) -> None:
        """Do one instruction."""
        stack = self.stack
        if code in _CONSTANTS:
            stack.append(_bounded(argument))
        elif code in _FIXED:
            stack.append(_FIXED[code]())
        elif code in _TUPLES:
            stack.append(tuple(self._pop(_TUPLES[code])))
        elif code in ("PUT", "BINPUT", "LONG_BINPUT"):
            self._memo[argument] = stack[-1]
        elif code == "MEMOIZE":
            self._memo[len(self._memo)] = stack[-1]
        elif code in ("GET", "BINGET", "LONG_BINGET"):
            stack.append(self._memo[argument])
        else:
            self._step_rarely(code, argument)

    def _step_rarely(self, code: str, argument: Any) -> None:
        stack = self.stack
        if code == "MARK":
            self._marks.append(len(stack))
        elif code == "GLOBAL":
            stack.append(self._name(*argument.split(" ", 1)))
        elif code == "STACK_GLOBAL":
            stack.append(self._name(*self._pop(2)))
        elif code in ("REDUCE", "NEWOBJ"):
            stack.append(_called(*self._pop(2)))
        elif code == "BINPERSID":
            stack.append(Reference(stack.pop()))
        elif code == "BUILD":
            # Attributes of what is below. Those of a dictionary are a state dict's versions.
            state = stack.pop()
            if isinstance(stack[-1], ForeignObject):
                stack[-1].state = state
        elif code in ("POP", "DUP"):
            stack.pop() if code == "POP" else stack.append(stack[-1])
        elif code not in ("PROTO", "FRAME", "STOP"):
            self._collect(code)

    def _collect(self, code: str) -> None:
        """Instructions about containers, most of them about all that is above the mark."""
        if code == "APPEND":
            _extend(self.stack[-2], self._pop(1))
        elif code == "SETITEM":
            _update(self.stack[-3], self._pop(2))
        elif code == "TUPLE":
            self.stack.append(tuple(self._pop_marked()))
        elif code in ("LIST", "FROZENSET"):
            self.stack.append(self._pop_marked())
        elif code == "DICT":
            made: dict[Any, Any] = {}
            _update(made, self._pop_marked())
            self.stack.append(made)
        elif code in ("APPENDS", "ADDITEMS"):
            items = self._pop_marked()
            _extend(self.stack[-1], items)
        elif code == "SETITEMS":
            items = self._pop_marked()
            _update(self.stack[-1], items)
        elif code == "POP_MARK":
            self._pop_marked()
        else:
            raise PickleError(f"it has the instruction {code}, which plain data do not need")

    def _pop(self, count: int) -> list[Any]:
        if len(self.stack) < count:
            raise IndexError
        items = self.stack[-count:]
        del self.stack[-count:]
        return items

    def _pop_marked(self) -> list[Any]:
        place = self._marks.pop()
        items = self.stack[place:]
        del self.stack[place:]
        return items

    def _name(self, module: Any, name: Any) -> Name:
        if not isinstance(module, str) or not isinstance(name, str):
            raise PickleError("it names what is not text")
        full = f"{module.replace('__builtin__', 'builtins')}.{name}"
        if not self._allowed(full):
            raise ForbiddenNameError(full)
        return Name(full)


def _called(function: Any, arguments: Any) -> Any:
    if not isinstance(function, Name) or not isinstance(arguments, tuple):
        raise PickleError("it calls what is not a name")
    if function.name != _DICT:
        return ForeignObject(function.name, arguments)
    made: dict[Any, Any] = {}
    for pair in arguments[0] if arguments else ():
        _update(made, pair)
    return made


def _extend(target: Any, items: list[Any]) -> None:
    if isinstance(target, ForeignObject):
        target.elements.extend(items)
    elif isinstance(target, list):
        target.extend(items)
    else:
        raise PickleError("it appends to what is not a list")


def _update(target: Any, items: Iterable[Any]) -> None:
    target = target.entries if isinstance(target, ForeignObject) else target
    keys, values = list(items)[::2], list(items)[1::2]
    if not isinstance(target, dict) or len(keys) != len(values):
        raise PickleError("it has entries of what is not a dictionary")
    for key, value in zip(keys, values, strict=True):
        # To hash a tuple of tuples may take as long as it would to write it out.
        if not isinstance(key, str | int | float | bytes | Name | None):
            raise PickleError("it has a key that is not a plain value")
        target[key] = value


def _bounded(value: Any) -> Any:
    if isinstance(value, int) and value.bit_length() > MAX_BITS:
        raise PickleError("it has a number without end")
    return value
