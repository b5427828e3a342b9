"""Training that waits for its data."""


def test_waiting_for_data_is_told(found, make_history):
    finding = found("starved", history=make_history(data_share=0.4))
    assert finding.severity == "warning"
    assert "40% of the time" in finding.message


def test_a_slow_start_is_not(found, make_history):
    log = make_history(data_share=lambda share: 0.9 if share < 0.2 else 0.02)
    assert found("starved", history=log) is None
