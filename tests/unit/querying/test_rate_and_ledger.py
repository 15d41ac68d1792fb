import threading
import time

import numpy as np
import pytest
from scripted_target import rate

from auditor.errors import BudgetExhausted, Cancelled
from auditor.querying import MemoryLedger, Rate
from auditor.querying.batches import Batch, Lanes
from auditor.querying.rate import LONGEST_PAUSE


def nothing():
    pass


def test_the_first_rows_go_at_once_and_the_next_wait_for_them():
    pace, clock = rate(rows=10.0)
    pace.wait(5, nothing)
    assert clock.waits == []
    pace.wait(20, nothing)
    assert sum(clock.waits) == pytest.approx(0.5)
    pace.wait(1, nothing)
    assert sum(clock.waits) == pytest.approx(2.5)


def test_idle_time_is_not_saved_up():
    pace, clock = rate(rows=10.0)
    pace.wait(10, nothing)
    clock.now += 3_600
    start = clock.now
    for _ in range(5):
        pace.wait(10, nothing)
    assert clock.now - start == pytest.approx(4.0)


def test_over_any_stretch_the_rate_holds():
    pace, clock = rate(rows=100.0)
    start, sent = clock.now, 0
    for rows in (1, 64, 256, 3, 512, 10):
        pace.wait(rows, nothing)
        assert sent <= 100 * (clock.now - start) + 1e-6
        sent += rows


def test_threads_that_share_a_rate_share_it():
    pace = Rate(rows=1_000.0)
    start = time.monotonic()
    threads = [threading.Thread(target=pace.wait, args=(50, nothing)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - start >= 0.25


def test_no_rate_is_no_wait():
    pace, clock = rate(rows=0.0)
    for _ in range(100):
        pace.wait(10_000, nothing)
    assert clock.waits == []


def test_backoff_is_full_jitter_with_an_end():
    assert [rate(jitter=1.0)[0].pause(i, None) for i in range(8)] == [0.5, 1, 2, 4, 8, 16, LONGEST_PAUSE, LONGEST_PAUSE]
    assert rate(jitter=0.25)[0].pause(3, None) == 1.0
    assert rate(jitter=0.0)[0].pause(9, None) == 0.0
    assert rate(jitter=0.5)[0].pause(9, 12.0) == 12.0


def test_a_rest_is_cut_into_slices_that_can_be_cancelled():
    pace, clock = rate()
    seen = []

    def checkpoint():
        seen.append(clock.now)
        if len(seen) == 3:
            raise Cancelled("The audit was cancelled.")

    with pytest.raises(Cancelled):
        pace.rest(60.0, checkpoint)
    assert clock.waits == [1.0, 1.0]


def test_a_budget_refuses_whole_batches():
    ledger = MemoryLedger(budget=10)
    ledger.spend(7)
    with pytest.raises(BudgetExhausted, match=r"\(7 spent, 4 more wanted\)"):
        ledger.spend(4)
    ledger.spend(3)
    assert ledger.spent == 10


def test_the_first_answer_of_a_record_stays():
    ledger = MemoryLedger()
    ledger.record([b"a", b"b"], np.array([[0.1, 0.9], [0.5, 0.5]]))
    ledger.record([b"a", b"c"], np.array([[0.2, 0.8], [0.3, 0.7]]))
    found = {digest: answer.tolist() for digest, answer in ledger.answered([b"a", b"c", b"d"]).items()}
    assert found == {b"a": [0.1, 0.9], b"c": [0.3, 0.7]}


def test_lanes_open_slowly_and_close_for_good():
    lanes = Lanes()
    for _ in range(100):
        lanes.went_well()
    assert lanes.width == 4
    lanes.was_busy()
    assert lanes.width == 2
    for _ in range(100):
        lanes.went_well()
    assert lanes.width == 3
    for _ in range(5):
        lanes.was_busy()
    for _ in range(100):
        lanes.went_well()
    assert lanes.width == 1


def test_a_batch_splits_into_all_its_rows():
    parts = Batch(np.arange(10), tries=2).split(4)
    assert [part.rows.tolist() for part in parts] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert {part.tries for part in parts} == {2}
