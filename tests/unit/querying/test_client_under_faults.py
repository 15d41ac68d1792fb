"""Whatever the target does, in whatever order: the books are right and nothing that was answered is lost."""

import contextlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted_target import ScriptedTarget, frame, profile, rate, truth

from auditor.errors import AuditorError, BadAnswer, BudgetExhausted, Cancelled, TargetRefused
from auditor.querying import MemoryLedger, QueryClient, record_digests
from auditor.querying.faults import BatchTooLarge, Busy, Failing, Interrupted

PASSING = st.sampled_from([None, None, None, Busy("busy"), Interrupted("gone"), BatchTooLarge("too large"), Failing("fails")])
ENDING = st.sampled_from([TargetRefused("no"), BadAnswer("odd")])
SCRIPTS = st.lists(PASSING, max_size=30)
JITTERS = st.sampled_from([0.0, 0.5, 1.0])


class Books(MemoryLedger):
    """A ledger that checks every entry against the truth as it is made."""

    def __init__(self, budget: int, asked) -> None:
        super().__init__(budget)
        self.known = dict(zip(record_digests(asked), truth(asked), strict=True))
        self.recorded: list[bytes] = []

    def record(self, digests, answers):
        for digest, answer in zip(digests, answers, strict=True):
            assert np.array_equal(answer, self.known[digest])
        self.recorded += digests
        super().record(digests, answers)


def ask(target, ledger, asked, jitter=0.5, batch_size=8, checkpoint=lambda: None):
    return QueryClient(target, ledger, profile(batch_size=batch_size), rate(jitter=jitter)[0], checkpoint)(asked)


@settings(max_examples=60)
@given(script=SCRIPTS, rows=st.integers(0, 80), batch_size=st.integers(1, 20), jitter=JITTERS)
def test_an_answer_is_the_truth_or_an_error_of_ours(script, rows, batch_size, jitter):
    asked = frame(rows)
    target, books = ScriptedTarget(faults=script), Books(10_000, asked)
    try:
        assert np.array_equal(ask(target, books, asked, jitter, batch_size), truth(asked).reshape(-1, 2))
        assert sorted(books.recorded) == sorted(record_digests(asked))
    except AuditorError:
        assert len(set(books.recorded)) == len(books.recorded)
    assert books.spent == target.rows


@settings(max_examples=40)
@given(script=SCRIPTS, budget=st.integers(0, 120), rows=st.integers(1, 80))
def test_the_target_never_sees_more_than_the_budget(script, budget, rows):
    asked = frame(rows)
    target, books = ScriptedTarget(faults=script), Books(budget, asked)
    try:
        ask(target, books, asked)
    except BudgetExhausted:
        assert budget < rows + sum(map(len, target.asked))
    except AuditorError:
        assert books.spent <= budget
    assert target.rows <= books.spent <= budget


@settings(max_examples=40)
@given(before=SCRIPTS, end=ENDING, rows=st.integers(1, 80))
def test_a_second_run_asks_only_what_the_first_did_not_record(before, end, rows):
    asked = frame(rows)
    books = Books(10_000, asked)
    first = ScriptedTarget(faults=[*before, end])
    try:
        ask(first, books, asked)
    except AuditorError:
        assert len(books.recorded) <= rows
    kept = len(books.recorded)
    second = ScriptedTarget()
    assert np.array_equal(ask(second, books, asked), truth(asked))
    assert second.rows == rows - kept


@settings(max_examples=30)
@given(script=SCRIPTS, stop=st.integers(1, 12), rows=st.integers(20, 80))
def test_a_cancelled_run_and_its_resumption_equal_an_undisturbed_one(script, stop, rows):
    asked, calls = frame(rows), []

    def checkpoint():
        calls.append(1)
        if len(calls) >= stop:
            raise Cancelled("The audit was cancelled.")

    books = Books(10_000, asked)
    with contextlib.suppress(AuditorError):
        ask(ScriptedTarget(faults=script), books, asked, checkpoint=checkpoint, batch_size=2)
    assert np.array_equal(ask(ScriptedTarget(), books, asked), truth(asked))
    assert sorted(books.recorded) == sorted(record_digests(asked))


@settings(max_examples=30)
@given(limit=st.integers(1, 30), rows=st.integers(1, 80), batch_size=st.integers(1, 64))
def test_any_limit_of_rows_is_found(limit, rows, batch_size):
    asked = frame(rows)
    target = ScriptedTarget(max_rows=limit, too_many=BatchTooLarge("too large"))
    assert np.array_equal(ask(target, MemoryLedger(), asked, batch_size=batch_size), truth(asked))
    passed = [len(batch) for batch in target.asked if len(batch) <= limit]
    assert sum(passed) == rows


@settings(max_examples=30)
@given(picks=st.lists(st.integers(0, 15), min_size=1, max_size=60))
def test_repeated_records_in_any_order_are_asked_once(picks):
    asked = frame(16).iloc[picks]
    target, ledger = ScriptedTarget(), MemoryLedger()
    assert np.array_equal(ask(target, ledger, asked), truth(asked))
    assert sorted(target.ages) == sorted(set(picks))
    assert ledger.spent == len(set(picks))


@settings(max_examples=20)
@given(script=SCRIPTS, rows=st.integers(1, 40))
def test_fresh_leaves_no_trace_but_the_cost(script, rows):
    asked = frame(rows)
    target, books = ScriptedTarget(faults=script), Books(10_000, asked)
    door = QueryClient(target, books, profile(), rate()[0])
    try:
        assert np.array_equal(door.fresh(asked), truth(asked))
    except AuditorError:
        assert target.rows > 0
    assert books.recorded == []
    assert books.spent == target.rows


def test_a_fault_that_is_no_error_of_ours_still_keeps_the_answers_before_it():
    asked = frame(60)
    books = Books(10_000, asked)
    with pytest.raises(ZeroDivisionError):
        ask(ScriptedTarget(faults=[None, None, None, ZeroDivisionError()]), books, asked)
    kept = len(books.recorded)
    assert kept >= 24
    rest = ScriptedTarget()
    ask(rest, books, asked)
    assert rest.rows == 60 - kept
