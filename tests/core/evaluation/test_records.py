"""Records hold the protocol, survive a file, and are compared only where it is the same."""

import json

import numpy as np
import painters
import pytest
import torch
from bundled_metrics import manager_with_metrics

import genzoo
from genzoo import EvaluationRecord
from genzoo.data.open_dataset import open_dataset
from genzoo.errors import CapabilityError, DataError, UnknownNameError, UsageError
from genzoo.evaluation.compare import check_comparable, compare_records, threshold
from genzoo.evaluation.evaluate import weights_hash
from genzoo.evaluation.evaluation_record import Value
from genzoo.evaluation.reproduce import (
    check_protocol,
    check_unchanged,
    plan_of,
    replicate,
    settings_of,
)
from genzoo.media.image_kind import ImageKind
from genzoo.media.image_options import ImageOptions
from genzoo_metrics.plain_features import StoredValues

REGISTRY = manager_with_metrics().registry
KIND = ImageKind(ImageOptions())
DATA = painters.paintings(200, seed=5)


def evaluate(generator=None, data=DATA, **options):
    chosen = {"count": 100, "features": "pixels", "metrics": ["precision-recall"]} | options
    model = painters.painted(generator or painters.Painter())
    return genzoo.evaluate(model, data, registry=REGISTRY, **chosen)


@pytest.fixture(scope="module")
def record():
    return evaluate(seed=3, truncation=0.9)


def changed(record, **updates):
    """The record with fields replaced, by dotted path."""
    content = record.model_dump()
    for path, value in updates.items():
        *parents, last = path.split("__")
        place = content
        for parent in parents:
            place = place[parent]
        place[last] = value
    return EvaluationRecord.model_validate(content)


def with_values(record, *numbers):
    values = [
        Value(metric="m", name="n", value=value, low=0, high=9, error=error, better="lower")
        for value, error in numbers
    ]
    return [record.model_copy(update={"values": (value,)}) for value in values]


def test_a_record_says_all_that_the_numbers_depend_on(record):
    assert record.model.architecture == "tests/painting"
    assert record.model.weights.startswith("sha256:")
    assert (record.model.prior, record.model.truncation) == ("default", 0.9)
    protocol = record.protocol
    assert protocol.features.model_dump() == {
        "name": "genzoo/pixels",
        "hash": "pixels-1",
        "size": 8,
        "resize": "average pooling",
    }
    assert (protocol.data.count, protocol.data.used, protocol.data.split) == (200, 200, "all")
    assert protocol.data.shape == (3, 8, 8)
    assert protocol.samples.model_dump() == {
        "count": 100,
        "seed": 3,
        "label_prior": "none",
        "quantisation": "8 bit",
    }
    assert record.parameters == {"genzoo/precision-recall": {"k": 3}}
    assert {"genzoo", "torch", "numpy"} <= record.versions.keys()
    for value in record.values:
        assert value.low <= value.value <= value.high


def test_a_record_survives_a_file(record, tmp_path):
    path = tmp_path / "deep" / "record.json"
    record.save(path)
    assert EvaluationRecord.read(path) == record
    folder = tmp_path / "model"
    record.save(folder / "evaluation.json")
    (folder / "README.md").write_text("A card")
    assert EvaluationRecord.read(folder) == EvaluationRecord.read(folder / "README.md") == record


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "not JSON"),
        (b"[1]", "not the record"),
        (b"{}", "not the record"),
        (b'{"format_version": 2}', "newer format"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
    ],
)
def test_a_file_that_is_no_record_is_refused(tmp_path, content, text):
    path = tmp_path / "record.json"
    path.write_bytes(content)
    with pytest.raises(DataError, match=text):
        EvaluationRecord.read(path)
    with pytest.raises(DataError, match="There is no record"):
        EvaluationRecord.read(tmp_path / "none.json")


def test_fields_of_a_later_genzoo_are_ignored(record, tmp_path):
    content = record.model_dump(mode="json") | {"weather": "fine"}
    path = tmp_path / "record.json"
    path.write_text(json.dumps(content))
    assert EvaluationRecord.read(path) == record


@pytest.mark.parametrize(
    ("path", "value", "text"),
    [
        ("protocol__samples__count", 50, r"samples.count \(100 and 50\)"),
        ("protocol__data__fingerprint", "abc", "data.fingerprint"),
        ("protocol__features__hash", "x", "features.hash"),
        ("protocol__features__name", "a/b", r"features.name \(genzoo/pixels and a/b\)"),
        ("protocol__features__resize", "nearest", "features.resize"),
        ("protocol__samples__label_prior", "data", r"label_prior \(none and data\)"),
        ("protocol__samples__quantisation", "none", "quantisation"),
        ("parameters__genzoo/precision-recall", {"k": 5}, r"\(k=3 and k=5\)"),
    ],
)
def test_records_of_different_protocols_are_not_compared(record, path, value, text):
    with pytest.raises(UsageError, match=text):
        compare_records([record, changed(record, **{path: value})])


def test_seed_model_and_names_may_differ(record):
    other = changed(
        record, protocol__samples__seed=9, protocol__data__name="copy", model__weights="sha256:0"
    )
    check_comparable(record, other)
    assert len(compare_records([record, other])) == 2


def test_differences_count_when_chance_does_not_explain_them(record):
    near, far = with_values(record, (1.0, 0.1), (1.2, 0.1)), with_values(record, (1.0, 0.1), (2, 1))
    (row,) = compare_records(near)
    assert (row.best, row.differences[0].significant) == ((0, 1), False)
    assert row.differences[0].difference == pytest.approx(-0.2)
    (row,) = compare_records(far)
    assert row.best == (0, 1)
    (row,) = compare_records(with_values(record, (2.0, 0.1), (1.0, 0.1)))
    assert (row.best, row.differences[0].significant) == ((1,), True)


def test_errors_of_two_values_add_up_as_those_of_independent_ones_do(record):
    """Errors of 3 and 4 make one of 5, so 1.96 x 5 = 9.8 is where differences begin to count."""
    for difference, counts in ((9.7, False), (9.9, True)):
        (row,) = compare_records(with_values(record, (difference, 3.0), (0.0, 4.0)))
        assert row.differences[0].significant is counts


def test_more_pairs_need_greater_differences(record):
    assert threshold(1) == pytest.approx(1.96, abs=1e-3)
    assert threshold(3) == pytest.approx(2.394, abs=1e-3)
    (row,) = compare_records(with_values(record, (1.0, 0.1), (1.3, 0.1), (3.0, 0.1)))
    assert row.best == (0, 1)


def test_a_comparison_needs_two_records_and_a_number_in_common(record):
    with pytest.raises(UsageError, match="at least two"):
        compare_records([record])
    with pytest.raises(UsageError, match="no number in common"):
        compare_records([record, record.model_copy(update={"values": ()})])


def test_a_protocol_that_is_run_again_gives_the_same_numbers(record):
    settings, plan = settings_of(record, 33), plan_of(record)
    again = evaluate(
        seed=settings.seed,
        truncation=settings.truncation,
        count=settings.count,
        prior=settings.prior,
        batch_size=settings.batch_size,
        metrics=plan.metrics,
        features=plan.features,
    )
    found = replicate(record, again)
    assert all(one.holds for one in found)
    assert [one.value for one in found] == [value.value for value in record.values]


def test_numbers_that_do_not_hold_are_told(record):
    wrong = changed(record, values=[value.model_dump() for value in record.values])
    values = [value.model_copy(update={"low": 2.0, "high": 3.0}) for value in wrong.values]
    found = replicate(wrong.model_copy(update={"values": tuple(values)}), record)
    assert [one.holds for one in found] == [False, False]
    found = replicate(record, record.model_copy(update={"values": ()}))
    assert [(one.holds, one.value) for one in found] == [(False, None)] * 2


def test_another_model_or_protocol_is_no_reproduction(record):
    model = painters.painted(painters.Painter())
    data = open_dataset(DATA, KIND)
    check_unchanged(record, model, data)
    with pytest.raises(DataError, match="weights"):
        check_unchanged(changed(record, model__weights="sha256:0"), model, data)
    with pytest.raises(DataError, match=r"data\.fingerprint is"):
        check_unchanged(record, model, open_dataset(DATA[:50], KIND))
    with pytest.raises(DataError, match=r"data\.fingerprint"):
        replicate(record, changed(record, protocol__data__fingerprint="abc"))


class State:
    """As much of a model as its weights are."""

    def __init__(self, **tensors):
        self.state_dict = lambda: tensors


@pytest.mark.parametrize(
    "other",
    [
        {"aa": torch.ones(2, 3), "b": torch.zeros(2)},
        {"a": torch.ones(3, 2), "b": torch.zeros(2)},
        {"a": torch.ones(2, 3), "b": torch.zeros(2, dtype=torch.int32)},
        {"a": torch.ones(2, 3), "b": torch.tensor([0.0, 1e-30])},
        {"a": torch.ones(2, 3)},
        {"a": torch.ones(2, 3), "b": torch.zeros(2), "c": torch.zeros(0)},
    ],
    ids=["name", "shape", "type", "value", "less", "more"],
)
def test_the_hash_of_weights_has_everything_about_them_in_it(other):
    one = State(a=torch.ones(2, 3), b=torch.zeros(2))
    assert weights_hash(one) == weights_hash(State(b=torch.zeros(2), a=torch.ones(2, 3)))
    assert weights_hash(State(**other)) != weights_hash(one)


def test_weights_data_and_seed_change_what_they_should():
    first = evaluate()
    assert evaluate() == first
    assert evaluate(seed=1).values != first.values
    images = painters.paintings(10, seed=1)

    shown = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 127.5 - 1
    one, other = evaluate(painters.Copying(shown)), evaluate(painters.Copying(shown.flip(0)))
    assert one.model.weights != other.model.weights
    moved = DATA.copy()
    moved[0, 0, 0, 0] ^= 1
    assert evaluate(data=moved).protocol.data.fingerprint != first.protocol.data.fingerprint


def test_a_record_of_an_older_protocol_is_neither_compared_nor_run_again():
    record = evaluate(metrics=["kernel-distance"], count=50)
    assert record.protocol.version == 2
    content = record.model_dump(mode="json")
    del content["protocol"]["version"]
    old = EvaluationRecord.model_validate(content)
    assert old.protocol.version == 1
    with pytest.raises(UsageError, match=r"version \(1 and 2\)"):
        compare_records([old, record])
    with pytest.raises(DataError, match="of protocol 1, and this genzoo measures by 2"):
        check_protocol(old)


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"metrics": ["recal"]}, UnknownNameError, "no metric named 'recal'"),
        ({"features": "pixel"}, UnknownNameError, "Did you mean pixels"),
        ({"metrics": ["likelihood"]}, CapabilityError, "does not apply"),
        ({"count": 3}, UsageError, "Draw at least 8"),
        ({"data": DATA[:5]}, UsageError, "too few images"),
        ({"held_out": DATA}, UsageError, "is the data itself"),
        ({"prior": "mixture"}, UnknownNameError, "no prior"),
        ({"label_prior": "fair"}, UsageError, "uniform or data"),
        ({"features": "inception-v3"}, DataError, "--features-file"),
        ({"truncation": 0.0}, UsageError, "truncation"),
    ],
)
def test_what_makes_no_sense_is_said(options, error, text):
    with pytest.raises(error) as caught:
        evaluate(**options)
    assert text in str(caught.value)


def test_labels_follow_the_prior_that_is_asked_for(registry):

    from genzoo.evaluation.settings import Settings
    from genzoo.evaluation.subject import Subject
    from genzoo.model.build import build_model
    from genzoo.specs import SampleSpec

    spec = SampleSpec(shape=(3, 8, 8), classes=("a", "b"))
    model = build_model(registry, "toy-gan", spec, {}, 0)
    raw = genzoo.RawSamples(DATA[:100], np.repeat([0, 1], [90, 10]), ("a", "b"))
    data = open_dataset(raw, KIND, conditional=True)

    def labels(prior):
        settings = Settings(count=100, label_prior=prior)
        subject = Subject(model, data, settings, StoredValues(model.device), "x/y", DATA)
        return subject.sample_labels(0, 100)

    assert labels("uniform").tolist() == [0, 1] * 50
    assert int(labels("data").sum()) == 10
