"""The ROC curve on logarithmic axes: what happens at few false alarms is what counts."""

import math
from collections.abc import Mapping, Sequence

from auditor.report.charts.canvas import Frame, Point, drawing, line, path, text, upright
from auditor.report.numbers import percent

FRAME = Frame(380, 330, left=52)
LOWEST = 1e-5
ROWS = (0.0001, 0.001, 0.01, 0.1, 0.5)
Curve = Mapping[str, Sequence[float]]


def roc_svg(curve: Curve, title: str) -> str:
    """`curve` has fpr, tpr, tpr_low and tpr_high of one length, fpr ascending; "" when there is nothing to draw."""
    if not is_drawable(curve):
        return ""
    floor = _floor(curve)
    parts = [*_grid(floor), _band(curve, floor), line(_at(floor, floor, floor), _at(1, 1, floor), "guess")]
    parts += [path(_places(curve["fpr"], curve["tpr"], floor), "curve"), *_labels(floor)]
    return drawing(FRAME, "roc", title, parts)


def is_drawable(curve: Curve) -> bool:
    return len(curve.get("fpr", ())) > 1 and len(curve.get("tpr", ())) == len(curve["fpr"])


def roc_rows(curve: Curve) -> list[tuple[float, float, float, float]]:
    """(FPR, TPR, low, high) at round false-positive rates: the largest one reached there, never interpolated."""
    smallest = min((x for x in curve["fpr"] if x > 0), default=1.0)
    rows = []
    for rate in ROWS:
        reached = [i for i, x in enumerate(curve["fpr"]) if 0 < x <= rate]
        if rate >= smallest and reached:
            i = reached[-1]
            rows.append((rate, curve["tpr"][i], _side(curve, "tpr_low")[i], _side(curve, "tpr_high")[i]))
    return rows


def _side(curve: Curve, name: str) -> Sequence[float]:
    side = curve.get(name, ())
    return side if len(side) == len(curve["fpr"]) else curve["tpr"]


def _floor(curve: Curve) -> float:
    """The decade at which the axes start: just below the smallest rate that the data resolve."""
    smallest = min((x for x in curve["fpr"] if x > 0), default=0.01)
    return float(10.0 ** math.floor(math.log10(min(0.01, max(LOWEST, smallest)))))


def _at(fpr: float, tpr: float, floor: float) -> Point:
    def share(rate: float) -> float:
        return 1 - math.log10(min(1.0, max(rate, floor))) / math.log10(floor)

    return FRAME.at(share(fpr), share(tpr))


def _places(across: Sequence[float], up: Sequence[float], floor: float) -> list[Point]:
    """Places in the drawing, without those that fall on the one before."""
    places: list[Point] = []
    for x, y in zip(across, up, strict=True):
        place = _at(x, y, floor)
        if not places or abs(place[0] - places[-1][0]) + abs(place[1] - places[-1][1]) > 0.4:
            places.append(place)
    return places


def _band(curve: Curve, floor: float) -> str:
    low, high = (_places(curve["fpr"], _side(curve, name), floor) for name in ("tpr_low", "tpr_high"))
    return path(high + low[::-1], "band", closed=True)


def _decades(floor: float) -> list[float]:
    return [float(10.0**-k) for k in range(round(-math.log10(floor)), -1, -1)]


def _grid(floor: float) -> list[str]:
    parts = []
    for rate in _decades(floor):
        parts += [
            line(_at(rate, floor, floor), _at(rate, 1, floor), "grid"),
            line(_at(floor, rate, floor), _at(1, rate, floor), "grid"),
        ]
        (x, y), (x2, y2) = _at(rate, floor, floor), _at(floor, rate, floor)
        anchor = "end" if rate == 1 else "middle"
        parts += [text((x, y + 16), percent(rate), anchor=anchor), text((x2 - 7, y2 + 4), percent(rate), anchor="end")]
    return parts


def _labels(floor: float) -> list[str]:
    x, y = FRAME.at(0.5, 0)
    left, middle = FRAME.at(0, 0.5)
    guess = FRAME.at(0.77, 0.67)
    parts = [text((x, y + 35), "False-positive rate", "axis-title", "middle"), upright((left - 41, middle), "True-positive rate")]
    return [*parts, text(guess, "guessing", "note")]
