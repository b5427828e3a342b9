"""Training that waits for its data."""


def test_waiting_for_data_is_told(found, make_history):
    finding = found("starved", history=make_history(data_share=0.4))
    assert finding.severity == "warning"
    assert "40% of the time" in finding.message


def test_a_slow_start_is_not(found, make_history):
    log = make_history(data_share=lambda share: 0.9 if share < 0.2 else 0.02)
    assert found("starved", history=log) is None


def test_other_programs_that_take_the_processors_are_told(found, make_history):
    finding = found("crowded", history=make_history(processors_short=1.0, threads_spin=0.0))
    assert finding.severity == "note"
    assert "1.0 of the processors" in finding.message


def test_threads_that_spin_beside_them_are_a_warning(found, make_history):
    finding = found("crowded", history=make_history(processors_short=0.5, threads_spin=1.0))
    assert finding.severity == "warning"
    assert "GOMP_SPINCOUNT" in finding.remedy


def test_a_quiet_machine_is_not(found, make_history):
    assert found("crowded", history=make_history(processors_short=0.2, threads_spin=1.0)) is None


def test_a_machine_that_was_busy_at_first_is_not(found, make_history):
    log = make_history(processors_short=lambda share: 2.0 if share < 0.5 else 0.0)
    assert found("crowded", history=log) is None
