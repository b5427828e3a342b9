"""Names that the user gave for tensors whose place cannot be told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from genzoo.errors import UsageError, unknown_name


def pin(
    renames: Mapping[str, str], found: Iterable[str], expected: Iterable[str], prefix: str = ""
) -> dict[str, str]:
    """Names in the file by names in the model.

    Args:
        renames: Names in the model by names in the file, of tensors or of whole layers.
        found: All names in the file.
        expected: All names in the model.
        prefix: What the names in the file may be given without.

    Raises:
        UnknownNameError: A name that the file or the model lacks.
        UsageError: Two tensors are to be the same one.
    """
    known, wanted = list(found), set(expected)
    pinned: dict[str, str] = {}
    for old, new in renames.items():
        ends = _ends(old, known) or _ends(f"{prefix.rstrip('.')}.{old}", known)
        if not ends:
            raise unknown_name("tensor or layer in the file", old, known)
        for end, name in ends.items():
            target = f"{new}{end}"
            if target not in wanted:
                raise unknown_name("tensor in the model", target, wanted)
            if target in pinned:
                raise UsageError(f"{pinned[target]} and {name} are both to be {target}.")
            pinned[target] = name
    return pinned


def _ends(old: str, known: list[str]) -> dict[str, str]:
    """The names that are `old` or in the layer `old`, by what follows it."""
    inside = (name for name in known if name == old or name.startswith(f"{old}."))
    return {name[len(old) :]: name for name in inside}
