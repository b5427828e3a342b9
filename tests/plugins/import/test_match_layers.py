"""Tensors are matched by name, else by layer, and only where one choice is left."""

import pytest

from genzoo_import.match_layers import match

EXPECTED = {
    "first.weight": (4, 6),
    "norm.weight": (4,),
    "norm.bias": (4,),
    "norm.num_batches_tracked": (),
    "last.weight": (3, 4),
}


def test_equal_names():
    found = dict(reversed(EXPECTED.items()))
    outcome = match(EXPECTED, found, {}, ordered=False)
    assert outcome.exact
    assert outcome.pairs == {name: name for name in EXPECTED}


def test_other_names_of_the_same_layers():
    found = {
        "0.weight": (4, 6),
        "1.bias": (4,),
        "1.num_batches_tracked": (),
        "1.weight": (4,),
        "3.weight": (3, 4),
    }
    outcome = match(EXPECTED, found, {}, ordered=True)
    assert outcome.exact
    assert outcome.pairs["norm.bias"] == "1.bias"
    assert outcome.pairs["norm.num_batches_tracked"] == "1.num_batches_tracked"


def test_a_name_that_agrees_by_chance_counts_for_nothing():
    found = {"norm.weight": (4, 6), "b.weight": (4,), "b.bias": (4,), "first.weight": (3, 4)}
    outcome = match(EXPECTED, found, {}, ordered=True)
    assert outcome.exact
    assert outcome.pairs["first.weight"] == "norm.weight"
    assert outcome.counters == ("norm.num_batches_tracked",)


def test_what_is_missing_and_unused_is_named():
    found = {"0.weight": (4, 6), "3.weight": (5, 4), "extra": (1,)}
    outcome = match(EXPECTED, found, {}, ordered=True)
    assert outcome.missing == ("norm.weight", "norm.bias", "last.weight")
    assert outcome.unused == ("3.weight", "extra")
    assert not outcome.complete


def test_a_layer_with_another_leaf_is_another_layer():
    found = {**{f"x.{name}": shape for name, shape in EXPECTED.items()}, "x.first.bias": (4,)}
    outcome = match(EXPECTED, found, {}, ordered=True)
    assert outcome.missing == ("first.weight",)


ALIKE = {f"layers.{number}.weight": (4, 4) for number in (0, 2, 10)}


def test_layers_that_are_alike_go_by_their_numbers():
    found = {f"main.{number}.weight": (4, 4) for number in (1, 3, 11)}
    for order, ordered in ((found, True), (dict(reversed(found.items())), False)):
        outcome = match(ALIKE, order, {}, ordered)
        assert outcome.exact
        assert not outcome.doubtful
        assert outcome.pairs["layers.10.weight"] == "main.11.weight"


def test_numbers_that_contradict_the_order_are_doubtful():
    found = {f"main.{number}.weight": (4, 4) for number in (3, 1, 11)}
    assert match(ALIKE, found, {}, ordered=True).doubtful == ("main.3", "main.1", "main.11")


def test_names_that_say_nothing_are_doubtful():
    found = {f"{name}.weight": (4, 4) for name in ("query", "key", "value")}
    assert match(ALIKE, found, {}, ordered=True).doubtful


def test_pinned_names_settle_it():
    names = {"layers.0": "key", "layers.2": "query", "layers.10": "value"}
    pinned = {f"{new}.weight": f"{old}.weight" for new, old in names.items()}
    found = {f"{name}.weight": (4, 4) for name in ("query", "key", "value")}
    outcome = match(ALIKE, found, pinned, ordered=True)
    assert outcome.exact
    assert not outcome.doubtful
    assert outcome.pairs == pinned


def test_another_number_of_like_layers_fits_nothing():
    found = {f"main.{number}.weight": (4, 4) for number in (0, 1)}
    outcome = match(ALIKE, found, {}, ordered=True)
    assert len(outcome.missing) == 3
    assert len(outcome.unused) == 2


@pytest.mark.parametrize(
    ("model", "file", "doubtful"),
    [
        (("first.0", "first.1"), ("second.3", "second.5"), False),
        (("shallow", "deep"), ("layers.0", "layers.1"), True),
        (("layers.0", "layers.1"), ("shallow", "deep"), True),
        (("layers.1", "layers.0"), ("layers.3", "layers.5"), True),
    ],
)
def test_layers_that_are_alike_are_certain_only_if_numbers_order_both(
    model: tuple[str, ...], file: tuple[str, ...], doubtful: bool
) -> None:
    expected, found = ({f"{layer}.weight": (3, 3) for layer in layers} for layers in (model, file))
    assert match(expected, found, {}, True).doubtful == (file if doubtful else ())
