"""How good the stolen copy is against what it cost: fidelity over queries, beside the copy that asked nothing."""

import math
from collections.abc import Mapping, Sequence

from auditor.report.charts.canvas import Frame, Point, dot, drawing, line, path, text, upright
from auditor.report.numbers import grouped, percent

FRAME = Frame(380, 300, left=52)
Curve = Mapping[str, Sequence[float]]


def fidelity_svg(curve: Curve, title: str) -> str:
    """`curve` has queries (ascending), fidelity, low, high and baseline; "" when there is nothing to draw."""
    if not is_drawable(curve):
        return ""
    floor = _floor(curve)
    places = _places(curve, curve["fidelity"], floor)
    band = path(_places(curve, _side(curve, "high"), floor) + _places(curve, _side(curve, "low"), floor)[::-1], "band", closed=True)
    dots = [dot(place, 3, "curve-dot") for place in places]
    return drawing(FRAME, "fidelity", title, [*_grid(curve, floor), band, *_baseline(curve, floor), path(places, "curve"), *dots])


def is_drawable(curve: Curve) -> bool:
    asked = [q for q in curve.get("queries", ()) if q > 0]
    return len(asked) > 1 and len(curve.get("fidelity", ())) == len(curve["queries"]) and len(asked) == len(curve["queries"])


def fidelity_rows(curve: Curve) -> list[tuple[float, float, float, float]]:
    """(queries, fidelity, low, high) for each budget."""
    return list(zip(curve["queries"], curve["fidelity"], _side(curve, "low"), _side(curve, "high"), strict=True))


def baseline_of(curve: Curve) -> float | None:
    """Fidelity of the copy that asked nothing: one number, or the same one for each budget."""
    value = curve.get("baseline")
    if isinstance(value, int | float):
        return float(value)
    return float(value[-1]) if value else None


def _side(curve: Curve, name: str) -> Sequence[float]:
    side = curve.get(name, ())
    return side if len(side) == len(curve["queries"]) else curve["fidelity"]


def _floor(curve: Curve) -> float:
    """The tenth at which the axis starts, so that copy and baseline can be told apart."""
    shares = [*_side(curve, "low"), curve["fidelity"][0], *([] if baseline_of(curve) is None else [baseline_of(curve)])]
    lowest = min(s for s in shares if s is not None)
    return max(0.0, min(0.9, math.floor((lowest - 0.02) * 10) / 10))


def _places(curve: Curve, shares: Sequence[float], floor: float) -> list[Point]:
    first, last = math.log(curve["queries"][0]), math.log(curve["queries"][-1])
    across = [(math.log(q) - first) / (last - first) for q in curve["queries"]]
    return [FRAME.at(0.03 + 0.94 * a, max(0.0, (s - floor) / (1 - floor))) for a, s in zip(across, shares, strict=True)]


def _grid(curve: Curve, floor: float) -> list[str]:
    parts = []
    for step in range(5):
        share = floor + (1 - floor) * step / 4
        left, right = FRAME.at(0, step / 4), FRAME.at(1, step / 4)
        parts += [line(left, right, "grid"), text((left[0] - 7, left[1] + 4), percent(share), anchor="end")]
    bottom = FRAME.at(0, 0)[1]
    shown = range(0, len(curve["queries"]), max(1, math.ceil(len(curve["queries"]) / 6)))
    places = _places(curve, [floor] * len(curve["queries"]), floor)
    parts += [text((places[i][0], bottom + 16), grouped(curve["queries"][i]), anchor="middle") for i in shown]
    x, y = FRAME.at(0.5, 0)
    left_edge, middle = FRAME.at(0, 0.5)
    return [*parts, text((x, y + 35), "Queries", "axis-title", "middle"), upright((left_edge - 41, middle), "Fidelity")]


def _baseline(curve: Curve, floor: float) -> list[str]:
    share = baseline_of(curve)
    if share is None:
        return []
    up = max(0.0, (share - floor) / (1 - floor))
    right = FRAME.at(1, up)
    return [line(FRAME.at(0, up), right, "guess"), text((right[0], right[1] + 14), "without asking", "note", "end")]
