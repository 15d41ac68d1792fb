"""Every exchange is written down, with how it ended and what it carried."""

import pytest
from scripted_target import ScriptedTarget, frame, profile, rate

from auditor.domain.attempt import Exchange
from auditor.errors import BadAnswer, InvalidInput, TargetRefused
from auditor.querying import Door, MemoryLedger, QueryClient, Rate
from auditor.querying.attempts import ended_as, exchanged
from auditor.querying.faults import BatchTooLarge, Busy, Denied, Failing, Interrupted


def client(target: ScriptedTarget, ledger: MemoryLedger) -> QueryClient:
    return QueryClient(target, ledger, profile(), rate(jitter=0.0)[0])


def endings(ledger: MemoryLedger) -> list[tuple[int, str]]:
    return [(rows, exchange.ended if exchange else "unknown") for rows, exchange in ledger.attempts]


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (None, "answered"),
        (BatchTooLarge("x"), "too-large"),
        (Denied("x"), "denied"),
        (TargetRefused("x"), "refused"),
        (Failing("x"), "failing"),
        (Busy("x"), "busy"),
        (Interrupted("x"), "interrupted"),
        (BadAnswer("x"), "bad-answer"),
        (InvalidInput("target.rows", "x"), "unsent"),
    ],
)
def test_each_fault_has_its_word(error: Exception | None, word: str) -> None:
    assert ended_as(error) == word


def test_every_try_of_a_call_is_an_attempt_with_its_rows() -> None:
    target, ledger = ScriptedTarget(faults=[None, Busy("x"), None, Interrupted("x")]), MemoryLedger()
    client(target, ledger)(frame(30))
    assert sorted(endings(ledger)) == [(10, "answered")] * 3 + [(10, "busy"), (10, "interrupted")]
    assert sum(rows for rows, _ in ledger.attempts) == ledger.spent == target.rows


def test_what_is_asked_anew_is_written_too() -> None:
    target, ledger = ScriptedTarget(), MemoryLedger()
    client(target, ledger).fresh(frame(5))
    client(target, ledger).fresh(frame(5))
    assert endings(ledger) == [(5, "answered")] * 2


def test_the_attempt_that_ends_a_call_is_written_before_the_error_is_raised() -> None:
    target, ledger = ScriptedTarget(faults=[TargetRefused("no")]), MemoryLedger()
    with pytest.raises(TargetRefused):
        client(target, ledger)(frame(5))
    assert endings(ledger) == [(5, "refused")]


class LateLedger(MemoryLedger):
    """Writes what is settled when it is told to, as the ledger of the store may."""

    def __init__(self) -> None:
        super().__init__()
        self.late: list[tuple[str, Exchange]] = []

    def settle(self, attempt: str, exchange: Exchange) -> None:
        self.late.append((attempt, exchange))

    def flush(self) -> None:
        while self.late:
            super().settle(*self.late.pop())


def test_how_exchanges_ended_is_written_before_a_pause() -> None:
    ledger, at_rest = LateLedger(), []
    pausing = Rate(sleep=lambda _: at_rest.append(endings(ledger)), jitter=lambda: 1.0)
    QueryClient(ScriptedTarget(faults=[Interrupted("x"), Busy("x")]), ledger, profile(), pausing)(frame(5))
    assert at_rest == [[(5, "interrupted")], [(5, "interrupted"), (5, "busy")]]
    assert endings(ledger)[-1] == (5, "answered")


def test_a_batch_that_is_halved_leaves_both_sizes_behind() -> None:
    target = ScriptedTarget(max_rows=6, too_many=BatchTooLarge("x"))
    ledger = MemoryLedger()
    client(target, ledger)(frame(10))
    assert endings(ledger) == [(10, "too-large"), (5, "answered"), (5, "answered")]


def test_a_door_writes_down_what_it_asks_once() -> None:
    ledger = MemoryLedger()
    Door(ScriptedTarget(), ledger).once(frame(3))
    with pytest.raises(Busy):
        Door(ScriptedTarget(faults=[Busy("x")]), ledger).once(frame(2))
    assert endings(ledger) == [(3, "answered"), (2, "busy")]


def test_a_transport_without_a_wire_carries_no_bytes() -> None:
    heard = exchanged(ScriptedTarget(), frame(2))
    assert len(heard.given()) == 2
    assert heard.exchange == Exchange(milliseconds=heard.exchange.milliseconds)
    assert heard.exchange.milliseconds > 0
