"""`target.limits`: how the one who runs the model wants it to be asked."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator

from auditor.domain.blackout import DAYS, WEEK, Window, reopens
from auditor.domain.target import Limits
from auditor.errors import InvalidInput

MOST_CONNECTIONS = 4
SOME_MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WindowSpec(_Part):
    start: str = Field(description="local time at which the target is no longer asked, such as 08:00")
    end: str = Field(description="local time from which it is asked again, such as 18:00; before start: on the next day")
    zone: str = Field("UTC", description="IANA time zone, such as Europe/Berlin")
    days: tuple[str, ...] = Field(DAYS, description="days on which it starts: mon, tue, wed, thu, fri, sat, sun")

    @field_validator("start", "end", mode="before", json_schema_input_type=str)
    @classmethod
    def _clock(cls, value: object) -> object:
        """YAML reads 18:00 without quotes as a number of minutes."""
        is_number = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 24 * 60
        return f"{value // 60:02}:{value % 60:02}" if is_number and isinstance(value, int) else value

    def as_window(self) -> Window:
        try:
            return Window(time.fromisoformat(self.start), time.fromisoformat(self.end), self.zone, self.days)
        except ValueError:
            raise InvalidInput("target.limits.blackout", 'write start and end as local times, such as "08:00"') from None


class LimitsSpec(_Part):
    connections: int = Field(MOST_CONNECTIONS, ge=1, le=MOST_CONNECTIONS, description="requests under way at once, at most")
    rows: int | None = Field(None, ge=1, le=100_000, description="records in one request, at most")
    blackout: tuple[WindowSpec, ...] = Field((), max_length=20, description="hours in which the target is not asked")

    def as_limits(self) -> Limits:
        return Limits(self.connections, self.rows, tuple(window.as_window() for window in self.blackout))


def check_limits(limits: LimitsSpec | None) -> None:
    """Raises InvalidInput for windows that cannot be read, or that leave no hour of the week."""
    for window in limits.blackout if limits else ():
        _check_window(window)
    if limits is None:
        return
    again = reopens(limits.as_limits().blackout, SOME_MONDAY)
    if again is not None and again >= SOME_MONDAY + WEEK:
        raise InvalidInput("target.limits.blackout", "leave some hour of the week in which the target may be asked")


def _check_window(window: WindowSpec) -> None:
    try:
        ZoneInfo(window.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        sentence = f"{window.zone[:40]!r} is no time zone; write one such as Europe/Berlin"
        raise InvalidInput("target.limits.blackout", sentence) from None
    odd = next((day for day in window.days if day not in DAYS), None)
    if odd is not None or not window.days:
        raise InvalidInput("target.limits.blackout", f"name days as {', '.join(DAYS)}")
    made = window.as_window()
    if made.start.tzinfo or made.end.tzinfo:
        raise InvalidInput("target.limits.blackout", 'write start and end as local times, such as "08:00", and the zone under zone')
