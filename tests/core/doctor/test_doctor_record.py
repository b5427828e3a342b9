"""`doctor.json`: each finding once, with the steps at which it was seen."""

import math

from genzoo.doctor.doctor_record import DoctorRecord
from genzoo.doctor.finding import Finding

COLLAPSE = Finding("mode-collapse", "problem", "All alike.", "Start again.")
STARVED = Finding("starved", "warning", "It waits 30% of the time.", "Buy a disk.")


def steps(record):
    return {found.name: (found.first_step, found.last_step) for found in record.findings}


def current(record):
    return [found.name for found in record.findings if record.current(found)]


def test_a_finding_keeps_when_it_was_first_seen():
    record = DoctorRecord().updated(100, [STARVED]).updated(200, [COLLAPSE, STARVED])
    assert steps(record) == {"starved": (100, 200), "mode-collapse": (200, 200)}
    assert current(record) == ["starved", "mode-collapse"]


def test_its_words_are_those_of_the_last_time():
    worse = Finding("starved", "problem", "It waits 90% of the time.", "Buy a disk.")
    (found,) = DoctorRecord().updated(100, [STARVED]).updated(200, [worse]).findings
    assert (found.severity, found.message) == ("problem", "It waits 90% of the time.")


def test_one_that_is_over_stays_on_record():
    record = DoctorRecord().updated(100, [STARVED]).updated(200, [])
    assert steps(record) == {"starved": (100, 100)}
    assert current(record) == []


def test_what_could_not_be_looked_at_is_as_it_was():
    record = DoctorRecord().updated(100, [STARVED, COLLAPSE]).updated(200, [], ["starved"])
    assert steps(record) == {"starved": (100, 200), "mode-collapse": (100, 100)}
    over = DoctorRecord().updated(100, [STARVED]).updated(200, []).updated(300, [], ["starved"])
    assert current(over) == []


def test_a_run_that_goes_on_from_earlier_forgets_what_came_later():
    record = DoctorRecord().updated(100, [STARVED]).updated(300, [STARVED, COLLAPSE])
    assert steps(record.rewound(200)) == {"starved": (100, 200)}
    assert record.rewound(200).step == 200
    assert record.rewound(300) == record


def test_the_look_before_is_a_fifth_of_the_steps_ago_however_often_there_is_one():
    record = DoctorRecord(
        step=100, diversity={0: 0.1, 40: 0.2, 79: 0.3, 80: 0.4, 81: 0.5, 100: 0.6}
    )
    assert record.diversity_before(100) == 0.4
    assert record.diversity_before(50) == 0.2
    assert record.diversity_before(40) == 0.1
    assert record.diversity_before(0) is None


def test_the_least_distance_is_that_of_the_looks_before():
    record = DoctorRecord(step=300, distance={100: 0.3, 200: 0.1, 290: 0.05, 300: 0.2})
    assert record.least_distance(300) == 0.1
    assert record.least_distance(200) == 0.3
    assert record.least_distance(100) is None
    assert record.rewound(250).distance == {100: 0.3, 200: 0.1}


def test_it_is_read_as_it_was_written(tmp_path):
    record = DoctorRecord(losses={"generator": ("generator/fake",)}).updated(100, [STARVED])
    record.write(tmp_path / "doctor.json")
    assert DoctorRecord.read(tmp_path / "doctor.json") == record


def test_figures_of_samples_that_are_no_numbers_are_left_out(tmp_path):
    record = DoctorRecord().measured(100, 0.5, 0.2).measured(200, math.nan, math.inf)
    assert (record.diversity, record.distance) == ({100: 0.5}, {100: 0.2})
    record.write(tmp_path / "doctor.json")
    assert DoctorRecord.read(tmp_path / "doctor.json") == record


def test_a_damaged_or_absent_file_is_an_empty_record(tmp_path):
    path = tmp_path / "doctor.json"
    assert DoctorRecord.read(path) == DoctorRecord()
    path.write_text('{"step": 1')
    assert DoctorRecord.read(path) == DoctorRecord()
    path.write_bytes(b"\xff\x00")
    assert DoctorRecord.read(path) == DoctorRecord()
