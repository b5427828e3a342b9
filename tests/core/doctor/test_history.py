"""Reading what a run has logged."""

import json

from genzoo.doctor.history import History


def write(path, steps):
    lines = [json.dumps({"step": step, "loss": step / 2}) for step in steps]
    path.write_text("\n".join(lines) + "\n")


def test_lines_are_read_in_order(tmp_path):
    path = tmp_path / "metrics.jsonl"
    write(path, range(10, 410, 10))
    log = History.read(path)
    assert log.last_step == 400
    assert log.values("loss") == [step / 2 for step in range(10, 410, 10)]
    assert log.recent("loss") == [step / 2 for step in range(310, 410, 10)]
    assert log.earlier("loss") == [step / 2 for step in range(10, 210, 10)]


def test_the_tail_of_a_long_log_is_read_from_its_first_whole_line(tmp_path):
    path = tmp_path / "metrics.jsonl"
    write(path, range(1000, 2000))
    tail = History.read(path, tail=1000)
    assert 20 < len(tail.lines) < 40
    assert tail.last_step == 1999


def test_damaged_lines_are_left_out(tmp_path):
    path = tmp_path / "metrics.jsonl"
    write(path, [10, 20])
    with path.open("ab") as file:
        file.write(b'[1]\n{"step": "x"}\n{"step": 30, "loss": NaN, "odd": "text"}\n{"step": 4')
    log = History.read(path)
    assert [line["step"] for line in log.lines] == [10, 20, 30]
    assert log.values("loss") == [5.0, 10.0]


def test_a_run_that_has_logged_nothing_has_no_history(tmp_path):
    log = History.read(tmp_path / "metrics.jsonl")
    assert (log.last_step, log.is_telling, log.recent("loss")) == (0, False, [])
