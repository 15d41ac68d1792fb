"""The few SVG elements that the charts are made of. Looks come from classes in `charts.css`, so a strict CSP never objects."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files

Point = tuple[float, float]


@dataclass(frozen=True)
class Frame:
    """The plotting area inside a drawing of `width` x `height` user units."""

    width: float
    height: float
    left: float = 46
    top: float = 14
    right: float = 14
    bottom: float = 42

    def at(self, across: float, up: float) -> Point:
        """The place of a point given as shares of the plotting area, from its lower left corner."""
        x = self.left + across * (self.width - self.left - self.right)
        y = self.height - self.bottom - up * (self.height - self.top - self.bottom)
        return x, y


def drawing(frame: Frame, kind: str, title: str, parts: Iterable[str]) -> str:
    """A whole `<svg>`; `title` says to those who cannot see it what the chart shows."""
    box = f"0 0 {num(frame.width)} {num(frame.height)}"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" class="chart {kind}" viewBox="{box}" role="img">'
    return f"{head}<title>{escape(title)}</title>{''.join(parts)}</svg>"


def num(value: float) -> str:
    """At most two decimals, so that a file is the same on every machine."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def path(points: Sequence[Point], look: str, closed: bool = False) -> str:
    if not points:
        return ""
    steps = "L".join(f"{num(x)},{num(y)}" for x, y in points)
    return f'<path class="{look}" d="M{steps}{"Z" if closed else ""}"/>'


def line(start: Point, end: Point, look: str) -> str:
    return path([start, end], look)


def box(corner: Point, opposite: Point, look: str, round_by: float = 0) -> str:
    (x1, y1), (x2, y2) = corner, opposite
    size = f'width="{num(abs(x2 - x1))}" height="{num(abs(y2 - y1))}"'
    return f'<rect class="{look}" x="{num(min(x1, x2))}" y="{num(min(y1, y2))}" {size} rx="{num(round_by)}"/>'


def dot(centre: Point, radius: float, look: str) -> str:
    return f'<circle class="{look}" cx="{num(centre[0])}" cy="{num(centre[1])}" r="{num(radius)}"/>'


def text(place: Point, words: str, look: str = "tick", anchor: str = "start") -> str:
    return f'<text class="{look}" x="{num(place[0])}" y="{num(place[1])}" text-anchor="{anchor}">{escape(words)}</text>'


def upright(place: Point, words: str, look: str = "axis-title") -> str:
    """Words along the vertical axis, read from below."""
    x, y = num(place[0]), num(place[1])
    turned = f'transform="rotate(-90 {x} {y})"'
    return f'<text class="{look}" x="{x}" y="{y}" text-anchor="middle" {turned}>{escape(words)}</text>'


def marker(centre: Point, outcome: str, size: float = 4.5) -> str:
    """One shape an outcome, so that colour is never the only sign: diamond breach, circle pass, square inconclusive."""
    x, y = centre
    look = f"mark mark-{outcome if outcome in ('breach', 'pass', 'inconclusive') else 'none'}"
    if outcome == "breach":
        reach = size * 1.3
        return path([(x, y - reach), (x + reach, y), (x, y + reach), (x - reach, y)], look, closed=True)
    if outcome == "inconclusive":
        return box((x - size, y - size), (x + size, y + size), look)
    return dot(centre, size, look)


def standalone(svg: str) -> str:
    """The same drawing with its looks inside, in print colours: for a PDF or a file of its own."""
    styles = files("auditor.report").joinpath("styles/print-charts.css").read_text("utf-8")
    return svg.replace("</title>", f"</title><style>{styles}</style>", 1)
