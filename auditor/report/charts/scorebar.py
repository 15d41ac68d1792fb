"""A score on the scale of severities: its interval, its point, and the policy's level."""

from auditor.report.charts.canvas import Frame, box, drawing, line, marker, text
from auditor.report.words import SEVERITIES, SEVERITY_LIMITS

FRAME = Frame(380, 52, left=6, right=6, top=14, bottom=20)


def scorebar_svg(scores: tuple[float, float, float], level: float | None, outcome: str) -> str:
    """`scores` are low, point and high, 0 to 100."""
    low, point, high = scores
    words = f"Score {point:.0f} of 100, interval {low:.0f} to {high:.0f}" + (
        "" if level is None else f"; the policy's level is {level:.0f}"
    )
    middle = FRAME.at(point / 100, 0.5)
    span = box(FRAME.at(low / 100, 0.62), FRAME.at(max(high, low + 0.6) / 100, 0.38), f"span span-{outcome}", 2)
    return drawing(FRAME, "scorebar", words, [*_scale(), *_level(level), span, marker(middle, outcome, 5)])


def _scale() -> list[str]:
    """The five severities as one band; each is named below its start."""
    ends = [*(SEVERITY_LIMITS[name] for name in SEVERITIES[1:]), 100.0]
    parts = []
    for name, end in zip(SEVERITIES, ends, strict=True):
        start = SEVERITY_LIMITS[name]
        parts.append(box(FRAME.at(start / 100, 1), FRAME.at(end / 100, 0), f"zone zone-{name}"))
        if name != "none":
            x, y = FRAME.at(start / 100, 0)
            parts.append(text((x + 2, y + 13), name, "tick"))
    return parts


def _level(level: float | None) -> list[str]:
    if level is None:
        return []
    bottom, top = FRAME.at(level / 100, -0.12), FRAME.at(level / 100, 1.12)
    return [line(bottom, top, "level"), text((top[0], top[1] - 3), f"level {level:.0f}", "note", "middle")]
