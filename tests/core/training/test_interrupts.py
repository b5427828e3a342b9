"""A wish to stop is heard by all processes after the same step."""

import os
import signal

from genzoo.distributed.process_group import ProcessGroup
from genzoo.training.interrupts import Interrupts


class Asked(ProcessGroup):
    """A group of two whose other process answers from a list."""

    answers: list

    def __init__(self, answers):
        super().__init__(rank=0, size=2)
        object.__setattr__(self, "answers", answers)

    def ask(self, flag):
        other = self.answers.pop(0)
        return lambda: flag or other


def test_alone_it_stops_at_once():
    with Interrupts() as interrupts:
        assert not interrupts.agreed()
        os.kill(os.getpid(), signal.SIGINT)
        assert interrupts.agreed()


def test_what_is_asked_before_a_step_is_answered_after_it():
    with Interrupts(Asked([False, True, False])) as interrupts:
        assert [interrupts.agreed() for _ in range(3)] == [False, False, True]


def test_the_own_wish_counts_one_step_later_too():
    with Interrupts(Asked([False] * 3)) as interrupts:
        assert not interrupts.agreed()
        os.kill(os.getpid(), signal.SIGTERM)
        assert [interrupts.agreed() for _ in range(2)] == [False, True]


def test_a_terminal_that_hangs_up_stops_it_however_often_it_says_so():
    before = signal.getsignal(signal.SIGHUP)
    with Interrupts() as interrupts:
        for _ in range(3):
            os.kill(os.getpid(), signal.SIGHUP)
            assert interrupts.agreed()
    assert signal.getsignal(signal.SIGHUP) == before


def test_a_hangup_after_ctrl_c_is_no_second_interrupt():
    with Interrupts() as interrupts:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGHUP)
        assert interrupts.agreed()


def test_under_nohup_a_hangup_is_not_heard():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Interrupts() as interrupts:
            os.kill(os.getpid(), signal.SIGHUP)
            assert not interrupts.agreed()
    finally:
        signal.signal(signal.SIGHUP, before)
