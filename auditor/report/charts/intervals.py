"""Several groups beside each other: a dot and its interval for each, against the line of no difference."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from auditor.report.charts.canvas import Frame, box, dot, drawing, line, text

WIDTH = 460
LABEL = 142
ROW = 26
LONGEST = 21


@dataclass(frozen=True)
class Bar:
    """One row; `stands_out` where its interval excludes zero."""

    label: str
    value: float
    low: float
    high: float

    @property
    def stands_out(self) -> bool:
        return self.low > 0 or self.high < 0


def intervals_svg(bars: Sequence[Bar], title: str, shown: Callable[[float], str]) -> str:
    """Rows from above in the given order around zero; `shown` writes the numbers of the axis. "" without rows."""
    if not bars:
        return ""
    frame = Frame(WIDTH, ROW * len(bars) + 44, left=LABEL, top=8, right=18, bottom=36)
    ticks = _ticks(min(0.0, *(b.low for b in bars)), max(0.0, *(b.high for b in bars)))
    parts = _grid(frame, ticks, shown)
    for position, bar in enumerate(bars):
        parts += _row(frame, ticks, bar, 1 - (position + 0.5) / len(bars))
    return drawing(frame, "intervals", title, parts)


def _row(frame: Frame, ticks: Sequence[float], bar: Bar, up: float) -> list[str]:
    low, middle, high = (frame.at(_across(x, ticks), up) for x in (bar.low, bar.value, bar.high))
    ends = (low[0], low[1] - 3), (max(high[0], low[0] + 1), high[1] + 3)
    name = bar.label if len(bar.label) <= LONGEST else bar.label[: LONGEST - 1] + "…"
    look = "mark mark-breach" if bar.low > 0 else "mark mark-none"
    words = text((frame.left - 10, middle[1] + 4), name, "tick", "end")
    return [words, box(*ends, "span", 2), dot(middle, 5, look)]


def _grid(frame: Frame, ticks: Sequence[float], shown: Callable[[float], str]) -> list[str]:
    parts = []
    for tick in ticks:
        foot, top = frame.at(_across(tick, ticks), 0), frame.at(_across(tick, ticks), 1)
        parts.append(line(foot, top, "level" if tick == 0 else "grid"))
        parts.append(text((foot[0], foot[1] + 17), shown(tick), anchor="middle"))
    return parts


def _across(value: float, ticks: Sequence[float]) -> float:
    return (value - ticks[0]) / (ticks[-1] - ticks[0])


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers from below the smallest to above the largest, zero among them; four to eight of them."""
    reach = max(high - low, 1e-6)
    step = next(s for s in _steps(reach) if reach / s <= 5)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [step * i for i in range(first, max(last, first + 1) + 1)]


def _steps(reach: float) -> list[float]:
    decade = 10.0 ** math.floor(math.log10(reach))
    return [decade * factor for factor in (0.1, 0.2, 0.5, 1.0, 2.0)]
