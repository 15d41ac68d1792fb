"""Schedules: what the clock makes of cron expressions and zones, also in the nights when the clock is changed."""

from datetime import UTC, datetime, timedelta

import pytest

from auditor.errors import InvalidInput
from auditor.workflow import next_run


def runs(cron: str, zone: str, after: datetime, count: int) -> list[datetime]:
    found = []
    for _ in range(count):
        after = next_run(cron, zone, after)
        found.append(after)
    return found


def test_a_firing_is_local_time_given_in_utc() -> None:
    assert next_run("0 3 * * *", "Europe/Berlin", datetime(2026, 1, 10, 12, tzinfo=UTC)) == datetime(2026, 1, 11, 2, tzinfo=UTC)
    assert next_run("0 3 * * *", "Europe/Berlin", datetime(2026, 7, 10, 12, tzinfo=UTC)) == datetime(2026, 7, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize("night", [datetime(2026, 10, 24, 12, tzinfo=UTC), datetime(2026, 3, 28, 12, tzinfo=UTC)])
def test_the_night_of_a_clock_change_has_one_firing(night: datetime) -> None:
    """02:30 stands twice on the clock in October and not at all in March."""
    first, second = runs("30 2 * * *", "Europe/Berlin", night, 2)
    assert first - night < timedelta(hours=24)
    assert second - first > timedelta(hours=20)


@pytest.mark.parametrize("cron", ["", "every day", "99 * * * *", "0 3 * *", "0 0 31 2 *"])
def test_a_cron_expression_that_cannot_be_read_is_refused_with_an_example(cron: str) -> None:
    with pytest.raises(InvalidInput, match="0 3") as caught:
        next_run(cron, "UTC", datetime(2026, 1, 1, tzinfo=UTC))
    assert caught.value.field == "cron"


@pytest.mark.parametrize("zone", ["Berlin", "", "../etc/passwd", "UTC+25"])
def test_a_zone_that_does_not_exist_is_refused_with_an_example(zone: str) -> None:
    with pytest.raises(InvalidInput, match="Europe/Berlin") as caught:
        next_run("0 3 * * *", zone, datetime(2026, 1, 1, tzinfo=UTC))
    assert caught.value.field == "zone"
