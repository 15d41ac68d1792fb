"""The score of one target over its audits."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from auditor.report.charts.canvas import Frame, box, drawing, line, marker, path, text
from auditor.report.words import SEVERITIES, SEVERITY_LIMITS

FRAME = Frame(960, 300, left=36, right=70, top=14, bottom=34)
NARROW = Frame(340, 260, left=26, right=64, top=10, bottom=34)
SPARK = Frame(132, 36, left=6, right=6, top=6, bottom=6)


@dataclass(frozen=True)
class TrendPoint:
    """One audit: `label` is its day; the scores are None where it was inconclusive. No line joins scores of two versions."""

    label: str
    outcome: str
    score: float | None
    low: float | None = None
    high: float | None = None
    version: int = 1


def trend_svg(points: Sequence[TrendPoint], title: str = "Score of each audit", frame: Frame = FRAME) -> str:
    """Audits from the oldest to the newest, each with its interval; "" when there is none."""
    if not points:
        return ""
    parts = [*_zones(frame), *_lines(frame, points)]
    parts += [_whisker(frame, i, points) for i in range(len(points))]
    parts += [_marker(frame, i, points) for i in range(len(points))]
    kind = "trend trend-narrow" if frame is NARROW else "trend"
    return drawing(frame, kind, title, [*parts, *_days(frame, points)])


def spark_svg(points: Sequence[TrendPoint], title: str) -> str:
    """The same as one small line, without axes."""
    if not points:
        return ""
    middle = SEVERITY_LIMITS["moderate"] / 100
    base = line(SPARK.at(0, middle), SPARK.at(1, middle), "level")
    last = len(points) - 1
    return drawing(SPARK, "spark", title, [base, *_lines(SPARK, points), _marker(SPARK, last, points, 3.2)])


def _across(index: int, count: int) -> float:
    return 0.5 if count == 1 else 0.03 + 0.94 * index / (count - 1)


def _lines(frame: Frame, points: Sequence[TrendPoint]) -> list[str]:
    """One line for each run of audits whose scores mean the same."""
    known = [(i, p) for i, p in enumerate(points) if p.score is not None]
    runs = (list(run) for _, run in groupby(known, key=lambda pair: pair[1].version))
    return [path([frame.at(_across(i, len(points)), (p.score or 0) / 100) for i, p in run], "curve") for run in runs]


def _whisker(frame: Frame, index: int, points: Sequence[TrendPoint]) -> str:
    point = points[index]
    if point.low is None or point.high is None:
        return ""
    across = _across(index, len(points))
    return line(frame.at(across, point.low / 100), frame.at(across, point.high / 100), "whisker")


def _marker(frame: Frame, index: int, points: Sequence[TrendPoint], size: float = 4.5) -> str:
    """An audit without a score stands on the ground line, with the shape of its outcome."""
    point = points[index]
    return marker(frame.at(_across(index, len(points)), (point.score or 0) / 100), point.outcome, size)


def _zones(frame: Frame) -> list[str]:
    ends = [*(SEVERITY_LIMITS[name] for name in SEVERITIES[1:]), 100.0]
    parts = []
    for name, end in zip(SEVERITIES, ends, strict=True):
        start = SEVERITY_LIMITS[name]
        parts.append(box(frame.at(0, end / 100), frame.at(1, start / 100), f"zone zone-{name}"))
        x, y = frame.at(1, (start + end) / 200)
        parts.append(text((x + 8, y + 4), name, "tick"))
        left, height = frame.at(0, start / 100)
        parts += [] if name == "low" else [text((left - 7, height + 4), f"{start:.0f}", anchor="end")]
    return parts


def _days(frame: Frame, points: Sequence[TrendPoint]) -> list[str]:
    """The first and the last day, and the middle one where there is room."""
    count = len(points)
    shown = sorted({0, count - 1} | ({count // 2} if count > 4 and frame is not NARROW else set()))
    places = [frame.at(_across(i, count), 0) for i in shown]
    anchors = {0: "start", count - 1: "end"} if count > 1 else {}
    return [text((x, y + 20), points[i].label, anchor=anchors.get(i, "middle")) for i, (x, y) in zip(shown, places, strict=True)]
