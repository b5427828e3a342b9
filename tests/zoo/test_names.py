"""The bundled names: those to train on and those held out."""

from __future__ import annotations

from genzoo_zoo.names import load, load_held_out


def test_no_name_is_in_both() -> None:
    names, held_out = (set(read().samples.tolist()) for read in (load, load_held_out))
    assert (len(names), len(held_out)) == (7580, 842)
    assert not names & held_out
    assert {"Maria", "Kim"} <= names | held_out
