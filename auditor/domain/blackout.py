"""Hours in which a target is not to be asked, in its own local time."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WEEK = timedelta(days=8)


@dataclass(frozen=True)
class Window:
    """From `start` to `end` on `days`; one whose end is not after its start ends on the next day."""

    start: time
    end: time
    zone: str = "UTC"
    days: tuple[str, ...] = DAYS

    def ends(self, now: datetime) -> datetime | None:
        """When this window is over, if `now` (aware) is inside it."""
        zone = ZoneInfo(self.zone)
        today = now.astimezone(zone).date()
        for day in (today - timedelta(days=1), today):
            start = min(_moments(day, self.start, zone))
            last = day + timedelta(days=1) if self.end <= self.start else day
            end = max(_moments(last, self.end, zone))
            if DAYS[day.weekday()] in self.days and start <= now < end:
                return end
        return None


def _moments(day: date, clock: time, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """What a local time can mean: on the nights in which clocks change it may come twice, or not at all (PEP 495)."""
    local = datetime.combine(day, clock, zone)
    return local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)


def reopens(windows: Iterable[Window], now: datetime) -> datetime | None:
    """When the target may be asked again: None if it may be now; a week later or more if it never may."""
    windows, moment = tuple(windows), now
    while moment < now + WEEK:
        ends = [end for window in windows if (end := window.ends(moment)) is not None]
        if not ends:
            break
        moment = max(ends)
    return moment if moment > now else None
