"""A good guest: closed hours, few connections, small requests, and a breaker for a target that has trouble."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from scripted_target import ScriptedTarget, StillClock, frame, profile, rate, truth

from auditor.domain.blackout import WEEK, Window, reopens
from auditor.domain.spec import TargetSpec, parse
from auditor.domain.target_spec import check_wire
from auditor.errors import Cancelled, InvalidInput, TargetBusy, TargetUnreachable
from auditor.querying import Door, MemoryLedger, QueryClient, Rate
from auditor.querying.circuit import IN_A_ROW, OF_THE_LAST, PAUSES, Circuit
from auditor.querying.faults import Busy, Interrupted

OFFICE = Window(time(8), time(18), "Europe/Berlin", ("mon", "tue", "wed", "thu", "fri"))
NIGHT = Window(time(22), time(6), "UTC", ("fri",))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


class TestWindows:
    @pytest.mark.parametrize(
        ("now", "again"),
        [
            ("2026-03-02T07:59:59+01:00", None),
            ("2026-03-02T08:00:00+01:00", "2026-03-02T18:00:00+01:00"),
            ("2026-03-02T17:59:59+01:00", "2026-03-02T18:00:00+01:00"),
            ("2026-03-02T18:00:00+01:00", None),
            ("2026-03-07T12:00:00+01:00", None),  # a Saturday
            ("2026-07-06T16:30:00+00:00", None),  # 18:30 in summer
            ("2026-07-06T15:30:00+00:00", "2026-07-06T16:00:00+00:00"),
        ],
    )
    def test_office_hours_are_those_of_the_zone(self, now: str, again: str | None) -> None:
        assert reopens([OFFICE], at(now)) == (again and at(again))

    @pytest.mark.parametrize(
        ("now", "again"),
        [
            ("2026-03-06T21:59:00+00:00", None),
            ("2026-03-06T23:00:00+00:00", "2026-03-07T06:00:00+00:00"),
            ("2026-03-07T05:59:00+00:00", "2026-03-07T06:00:00+00:00"),
            ("2026-03-07T23:00:00+00:00", None),
            ("2026-03-06T05:00:00+00:00", None),
        ],
    )
    def test_a_night_belongs_to_the_day_on_which_it_starts(self, now: str, again: str | None) -> None:
        assert reopens([NIGHT], at(now)) == (again and at(again))

    def test_windows_that_meet_are_one(self) -> None:
        windows = [Window(time(8), time(12)), Window(time(12), time(14)), Window(time(13), time(15))]
        assert reopens(windows, at("2026-03-02T09:00:00+00:00")) == at("2026-03-02T15:00:00+00:00")

    @pytest.mark.parametrize(
        ("now", "again"),
        [
            ("2026-10-25T00:20:00Z", "2026-10-25T01:45:00Z"),  # 02:20, for the first time
            ("2026-10-25T01:20:00Z", "2026-10-25T01:45:00Z"),  # and for the second
            ("2026-10-25T01:45:00Z", None),
            ("2026-03-29T01:10:00Z", "2026-03-29T01:45:00Z"),  # 03:10 where 02:15 to 02:45 never came
            ("2026-03-30T01:10:00Z", None),
        ],
    )
    def test_a_local_time_that_comes_twice_or_never_is_kept_by_both_readings(self, now: str, again: str | None) -> None:
        window = Window(time(2, 15), time(2, 45), "Europe/Berlin")
        assert reopens((window,), at(now)) == (None if again is None else at(again))

    def test_the_clock_change_neither_loses_nor_adds_an_hour_of_the_zone(self) -> None:
        night = Window(time(1), time(4), "Europe/Berlin")
        again = reopens([night], at("2026-03-29T01:30:00+01:00"))
        assert again == at("2026-03-29T04:00:00+02:00")
        assert again - at("2026-03-29T01:30:00+01:00") == timedelta(hours=1.5)

    def test_without_an_open_hour_it_never_reopens(self) -> None:
        now = at("2026-03-02T09:00:00+00:00")
        again = reopens([Window(time(0), time(0))], now)
        assert again is not None
        assert again - now >= WEEK


class TestSpec:
    def limits(self, **limits: Any) -> Any:
        block = TargetSpec.model_validate({"url": "https://models.example/x", "limits": limits})
        check_wire(block)
        return block.as_target().limits

    def test_limits_are_read(self) -> None:
        window = {"start": "08:00", "end": 1080, "zone": "Europe/Berlin", "days": ["mon", "tue", "wed", "thu", "fri"]}
        found = self.limits(connections=2, rows=100, blackout=[window])
        assert (found.connections, found.rows, found.blackout) == (2, 100, (OFFICE,))

    @pytest.mark.parametrize(
        ("window", "words"),
        [
            ({"start": "8 o'clock", "end": "18:00"}, "local times"),
            ({"start": "08:00+01:00", "end": "18:00"}, "zone under zone"),
            ({"start": "08:00", "end": "18:00", "zone": "Europe/Nowhere"}, "no time zone"),
            ({"start": "08:00", "end": "18:00", "zone": "../etc/passwd"}, "no time zone"),
            ({"start": "08:00", "end": "18:00", "days": ["monday"]}, "name days"),
            ({"start": "08:00", "end": "18:00", "days": []}, "name days"),
            ({"start": "00:00", "end": "00:00"}, "some hour of the week"),
        ],
    )
    def test_a_window_that_cannot_be_kept_is_refused(self, window: dict[str, Any], words: str) -> None:
        with pytest.raises(InvalidInput, match=words) as refusal:
            self.limits(blackout=[window])
        assert refusal.value.field == "target.limits.blackout"

    def test_an_unknown_key_suggests_the_near_one(self) -> None:
        target = {"url": "https://models.example/x", "limits": {"conections": 2}}
        data = {"members": "m.csv", "non_members": "n.csv", "label": "y"}
        with pytest.raises(InvalidInput, match="did you mean 'connections'"):
            parse({"target": target, "data": data})


def closing(clock: StillClock, start: float, end: float) -> Rate:
    """Closed from one moment of the clock to another."""
    return Rate(0.0, clock, clock.sleep, lambda: 0.0, closed=lambda: end - clock.now if start <= clock.now < end else 0.0)


class TestClosedHours:
    def test_asking_waits_until_they_are_over(self) -> None:
        clock, target = StillClock(), ScriptedTarget()
        client = QueryClient(target, MemoryLedger(), profile(), closing(clock, 0, clock.now + 3600))
        assert client(frame(5)).tolist() == truth(frame(5)).tolist()
        assert sum(clock.waits) == pytest.approx(3600)

    def test_nothing_is_paid_while_waiting_and_a_cancelled_audit_stops(self) -> None:
        clock, ledger = StillClock(), MemoryLedger()

        def checkpoint() -> None:
            if clock.now > 150:
                raise Cancelled("The audit was cancelled.")

        door = Door(ScriptedTarget(), ledger, closing(clock, 0, 10_000), checkpoint)
        with pytest.raises(Cancelled):
            door.ask(frame(3))
        assert (ledger.spent, ledger.attempts) == (0, [])

    def test_a_retry_waits_too(self) -> None:
        clock = StillClock()
        target = ScriptedTarget(faults=[Busy("busy", retry_after=10.0)])
        Door(target, MemoryLedger(), closing(clock, 105.0, 200.0)).ask(frame(3))
        assert clock.now >= 200.0


def test_a_shared_pace_decides_where_there_is_one() -> None:
    clock, asked = StillClock(), []

    def reserve(seconds: float) -> float:
        asked.append(seconds)
        return 7.0

    Rate(10.0, clock, clock.sleep, reserve=reserve).wait(20, lambda: None)
    assert asked == [2.0]
    assert sum(clock.waits) == 7.0


def test_no_more_connections_than_allowed() -> None:
    seen: list[int] = []
    at_once = [0]

    class Watched(ScriptedTarget):
        def ask(self, asked: Any) -> Any:
            at_once[0] += 1
            seen.append(at_once[0])
            try:
                return super().ask(asked)
            finally:
                at_once[0] -= 1

    QueryClient(Watched(), MemoryLedger(), profile(), Rate(connections=1))(frame(300))
    assert max(seen) == 1


class TestCircuit:
    def test_a_target_that_never_answered_is_not_waited_for(self) -> None:
        pace, clock = rate(jitter=0.0)
        target = ScriptedTarget(faults=[Interrupted("gone")] * 20)
        with pytest.raises(TargetUnreachable):
            QueryClient(target, MemoryLedger(), profile(), pace)(frame(5))
        assert len(target.asked) == 5
        assert clock.waits == []

    def test_a_target_that_comes_back_is_asked_on(self) -> None:
        pace, clock = rate(jitter=0.0)
        target = ScriptedTarget(faults=[None, *[Interrupted("gone")] * (IN_A_ROW + 1)])
        assert QueryClient(target, MemoryLedger(), profile(), pace)(frame(30)).tolist() == truth(frame(30)).tolist()
        assert sum(clock.waits) == pytest.approx(PAUSES[0] + PAUSES[1])

    def test_after_its_pauses_it_stops_with_a_sentence_and_keeps_what_it_has(self) -> None:
        pace, clock = rate(jitter=0.0)
        target, ledger = ScriptedTarget(faults=[None, *[Busy("busy")] * 50]), MemoryLedger()
        with pytest.raises(TargetBusy, match=r"after pauses of 30, 120 and 300 seconds.*resume the audit"):
            QueryClient(target, ledger, profile(), pace)(frame(30))
        assert sum(clock.waits) == pytest.approx(sum(PAUSES))
        assert len(target.asked) <= 1 + IN_A_ROW + len(PAUSES) + 4
        assert ledger.spent == target.rows

    def test_a_pause_is_at_least_as_long_as_the_target_asks(self) -> None:
        pace, clock = rate(jitter=0.0)
        target = ScriptedTarget(faults=[None, *[Busy("busy", retry_after=60.0)] * IN_A_ROW])
        door = Door(target, MemoryLedger(), pace)
        door.ask(frame(1))
        door.ask(frame(1))
        assert sum(clock.waits) == pytest.approx(IN_A_ROW * 60.0)

    def test_half_of_the_last_requests_failing_opens_it(self) -> None:
        circuit = Circuit()
        for _ in range(OF_THE_LAST // 2 - 1):
            circuit.went_well()
            assert circuit.failed() is None
        circuit.went_well()
        assert circuit.failed() == PAUSES[0]

    def test_what_was_under_way_when_it_opened_does_not_count(self) -> None:
        circuit = Circuit(has_answered=True)
        pauses = [circuit.failed() for _ in range(IN_A_ROW + 3)]
        assert pauses == [None] * (IN_A_ROW - 1) + [PAUSES[0], 0.0, 0.0, 0.0]
        assert circuit.is_narrow

    def test_a_trial_that_goes_well_forgets_the_past(self) -> None:
        circuit = Circuit(has_answered=True)
        for _ in range(IN_A_ROW):
            circuit.failed()
        circuit.sends()
        assert circuit.is_narrow
        circuit.went_well()
        assert not circuit.is_narrow
        assert [circuit.failed() for _ in range(IN_A_ROW)][-1] == PAUSES[0]

    def test_pauses_grow_within_the_patience_that_was_set(self) -> None:
        circuit = Circuit(has_answered=True)
        waited = []
        while len(waited) < 3:
            pause = circuit.failed(patience=15.0)
            if pause:
                waited.append(pause)
                circuit.sends()
        assert waited == [1.0, 4.0, 10.0]
        with pytest.raises(TargetBusy, match="pauses of 1, 4 and 10 seconds"):
            circuit.failed(patience=15.0)
