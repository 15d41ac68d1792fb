import numpy as np
import pandas as pd
import pytest
from scripted_target import CLASSES, ScriptedTarget, frame, profile, rate, truth

from auditor.domain.target import Output
from auditor.errors import BadAnswer, BudgetExhausted, Cancelled, TargetBusy, TargetRefused, TargetUnreachable
from auditor.querying import MemoryLedger, QueryClient, Reply
from auditor.querying.faults import BatchTooLarge, Busy, Failing, Interrupted


def client(target, ledger=None, pace=None, checkpoint=lambda: None, **changes):
    return QueryClient(target, ledger or MemoryLedger(), profile(**changes), pace or rate()[0], checkpoint)


def test_answers_come_in_the_order_of_the_records():
    target = ScriptedTarget()
    asked = frame(37)
    assert np.array_equal(client(target)(asked), truth(asked))
    assert sorted(map(len, target.asked)) == [7, 10, 10, 10]


def test_a_row_index_that_does_not_start_at_zero_is_kept_apart_from_positions():
    asked = frame(30).iloc[11:25]
    assert np.array_equal(client(ScriptedTarget())(asked), truth(asked))


def test_no_records_are_no_question():
    target = ScriptedTarget()
    assert client(target)(frame(0)).shape == (0, 2)
    assert target.asked == []


def test_a_record_that_was_answered_in_this_audit_is_free():
    target, ledger = ScriptedTarget(), MemoryLedger()
    client(target, ledger)(frame(20))
    again = client(target, ledger)(frame(25))
    assert np.array_equal(again, truth(frame(25)))
    assert target.rows == ledger.spent == 25


def test_equal_records_within_one_call_are_asked_once():
    target, ledger = ScriptedTarget(), MemoryLedger()
    asked = pd.concat([frame(5), frame(5), frame(2)])
    assert np.array_equal(client(target, ledger)(asked), truth(asked))
    assert target.rows == ledger.spent == 5


def test_what_is_spent_is_at_least_what_the_target_saw_with_retries():
    target, ledger = ScriptedTarget(faults=[Busy("busy"), None, Interrupted("gone")]), MemoryLedger()
    client(target, ledger)(frame(30))
    assert target.rows == ledger.spent == 50


def test_spending_comes_before_asking():
    class Strict(MemoryLedger):
        def spend(self, rows):
            assert target.rows <= self.spent
            return super().spend(rows)

    target = ScriptedTarget()
    ledger = Strict()
    client(target, ledger)(frame(40))
    assert ledger.spent == 40


def test_over_budget_refuses_and_keeps_what_was_answered():
    target, ledger = ScriptedTarget(), MemoryLedger(budget=25)
    with pytest.raises(BudgetExhausted, match=r"budget of 25 rows.*raise budget\.queries"):
        client(target, ledger)(frame(40))
    assert target.rows == ledger.spent == 20
    cheap = ScriptedTarget()
    client(cheap, ledger)(frame(20))
    assert cheap.rows == 0


def test_a_full_jitter_backoff_grows_and_then_gives_up():
    pace, clock = rate(jitter=1.0)
    target = ScriptedTarget(faults=[Busy("The target asks for fewer queries.")] * 9)
    with pytest.raises(TargetBusy, match="fewer queries"):
        client(target, pace=pace)(frame(5))
    assert len(target.asked) == 7
    assert sum(clock.waits) == pytest.approx(0.5 + 1 + 2 + 4 + 8 + 16)


def test_jitter_decides_when_and_never_what():
    results = []
    for jitter in (0.0, 0.3, 1.0):
        target = ScriptedTarget(faults=[Busy("busy"), None, Busy("busy"), Interrupted("gone")])
        results.append(client(target, pace=rate(jitter=jitter)[0])(frame(44)))
    assert np.array_equal(results[0], results[1])
    assert np.array_equal(results[0], results[2])


def test_retry_after_is_honoured_to_the_second():
    pace, clock = rate()
    client(ScriptedTarget(faults=[Busy("busy", retry_after=7.0)]), pace=pace)(frame(5))
    assert sum(clock.waits) == pytest.approx(7.0)
    assert max(clock.waits) <= 1.0


def test_a_retry_after_of_an_hour_is_not_waited_for():
    pace, clock = rate()
    with pytest.raises(TargetBusy):
        client(ScriptedTarget(faults=[Busy("busy", retry_after=3600.0)]), pace=pace)(frame(5))
    assert clock.waits == []


def test_a_500_is_tried_once_more_only():
    target = ScriptedTarget(faults=[Failing("fails")] * 5)
    with pytest.raises(TargetBusy):
        client(target)(frame(5))
    assert len(target.asked) == 2


def test_a_broken_connection_is_tried_again_a_few_times():
    target = ScriptedTarget(faults=[Interrupted("gone")] * 4)
    assert np.array_equal(client(target)(frame(5)), truth(frame(5)))
    with pytest.raises(TargetUnreachable):
        client(ScriptedTarget(faults=[Interrupted("gone")] * 5))(frame(5))


@pytest.mark.parametrize("fault", [TargetRefused("no"), BadAnswer("odd"), TargetUnreachable("no host")])
def test_a_wrong_configuration_is_never_tried_again(fault):
    target = ScriptedTarget(faults=[fault])
    with pytest.raises(type(fault)):
        client(target)(frame(5))
    assert len(target.asked) == 1


def test_batches_are_halved_until_they_pass_and_stay_small():
    target = ScriptedTarget(max_rows=3, too_many=BatchTooLarge("too large"))
    ledger = MemoryLedger()
    assert np.array_equal(client(target, ledger)(frame(40)), truth(frame(40)))
    assert ledger.spent >= target.rows
    assert max(map(len, target.asked[6:])) <= 3


def test_a_single_record_that_is_too_large_is_refused():
    target = ScriptedTarget(max_rows=0, too_many=BatchTooLarge("The target refuses a single record as too large."))
    with pytest.raises(TargetRefused, match="single record"):
        client(target)(frame(5))
    assert min(map(len, target.asked)) == 1


def test_answers_before_a_failure_are_recorded():
    target, ledger = ScriptedTarget(faults=[None, None, TargetRefused("no")]), MemoryLedger()
    with pytest.raises(TargetRefused):
        client(target, ledger)(frame(60))
    later = ScriptedTarget()
    client(later, ledger)(frame(60))
    assert later.rows <= 40
    assert not set(later.ages) & set(range(20))


def test_a_cancelled_audit_stops_between_batches_and_keeps_its_answers():
    ledger, calls = MemoryLedger(), []

    def checkpoint():
        calls.append(1)
        if len(calls) > 3:
            raise Cancelled("The audit was cancelled.")

    target = ScriptedTarget()
    with pytest.raises(Cancelled):
        client(target, ledger, checkpoint=checkpoint)(frame(200))
    assert 0 < target.rows < 200
    rest = ScriptedTarget()
    client(rest, ledger)(frame(200))
    assert rest.rows == 200 - target.rows


def test_a_cancelled_audit_does_not_sit_out_a_long_wait():
    pace, clock = rate()
    calls = []

    def checkpoint():
        calls.append(1)
        if len(calls) > 5:
            raise Cancelled("The audit was cancelled.")

    with pytest.raises(Cancelled):
        client(ScriptedTarget(faults=[Busy("busy", retry_after=200.0)]), pace=pace, checkpoint=checkpoint)(frame(5))
    assert sum(clock.waits) < 10


def test_the_rate_holds_for_every_row_retries_included():
    pace, clock = rate(rows=20.0)
    start = clock.now
    client(ScriptedTarget(faults=[None, Busy("busy", retry_after=0.0)]), pace=pace)(frame(90))
    assert clock.now - start == pytest.approx((100 - 10) / 20.0)


def test_a_number_is_taken_as_a_rate():
    assert np.array_equal(QueryClient(ScriptedTarget(), MemoryLedger(), profile(), 1e9)(frame(30)), truth(frame(30)))


def test_fresh_asks_anew_and_records_nothing():
    target, ledger = ScriptedTarget(), MemoryLedger()
    door = client(target, ledger)
    door(frame(10))
    twice = pd.concat([frame(10), frame(10)])
    assert np.array_equal(door.fresh(twice), truth(twice))
    assert target.rows == ledger.spent == 30
    door.fresh(frame(3, start=50))
    door(frame(3, start=50))
    assert target.rows == ledger.spent == 36


def test_labels_and_values_have_their_own_width():
    labels = ScriptedTarget(predict=lambda f: np.where(f["age"] % 2 == 0, "yes", "no"))
    answers = client(labels, output=Output.LABELS)(frame(4))
    assert answers.tolist() == [[0, 1], [1, 0], [0, 1], [1, 0]]
    values = ScriptedTarget(predict=lambda f: f["age"].to_numpy(dtype=float) * 1.5)
    assert client(values, output=Output.VALUE, classes=())(frame(3)).tolist() == [[0.0], [1.5], [3.0]]
    assert client(values, output=Output.VALUE, classes=())(frame(0)).shape == (0, 1)


def test_a_bad_answer_in_a_later_batch_says_so_and_keeps_the_others():
    def turncoat(asked):
        good = truth(asked)
        return good * 3 if (asked["age"] >= 30).any() else good

    ledger = MemoryLedger()
    with pytest.raises(BadAnswer, match="from 0 to 1"):
        client(ScriptedTarget(predict=turncoat), ledger)(frame(40))
    later = ScriptedTarget()
    client(later, ledger)(frame(40))
    assert set(range(30, 40)) <= set(later.ages)
    assert later.rows < 40


def test_many_lanes_answer_as_one():
    target = ScriptedTarget()
    asked = frame(2_000)
    assert np.array_equal(client(target, batch_size=16)(asked), truth(asked))
    assert sorted(target.ages) == list(range(2_000))


def test_the_ledger_sees_whole_answers_only():
    recorded = []

    class Watching(MemoryLedger):
        def record(self, digests, answers):
            recorded.append(answers.shape)
            super().record(digests, answers)

    client(ScriptedTarget(), Watching(), classes=CLASSES)(frame(25))
    assert sorted(recorded) == [(5, 2), (10, 2), (10, 2)]


def test_a_reply_counts_its_records():
    assert len(Reply(numbers=np.zeros((3, 2)))) == 3
    assert len(Reply(labels=("a", "b"))) == 2
    assert len(Reply()) == 0
