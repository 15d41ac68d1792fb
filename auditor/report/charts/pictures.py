"""Small pictures side by side: what an attack reconstructed beside the best guess and the members' mean."""

import struct
import zlib
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from auditor.report.charts.canvas import Frame, box, drawing, num, text

SIDE = 96
GAP = 12
BELOW = 36
EDGE = 1
SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, COLOUR = 0, 2


@dataclass(frozen=True)
class Picture:
    """`pixels`: a byte a cell, row by row; None where it is not shown. `words`, of at most two lines, stand below."""

    pixels: bytes | None
    words: tuple[str, ...]


def pictures_svg(pictures: Sequence[Picture], sides: tuple[int, ...], title: str) -> str:
    """Pictures of `sides` (rows, columns, or rows, columns, 3) from left to right; `title` is their alternative text."""
    rows, columns = sides[:2]
    width, height = SIDE * columns / max(rows, columns), SIDE * rows / max(rows, columns)
    frame = Frame(len(pictures) * (SIDE + GAP) - GAP + 2 * EDGE, height + BELOW, 0, 0, 0, 0)
    parts: list[str] = []
    for place, picture in enumerate(pictures):
        left = EDGE + place * (SIDE + GAP)
        parts += _placed(picture, sides, (left, left + width, height))
        parts += [text((left, height + 16 + 14 * i), line, "tick") for i, line in enumerate(picture.words)]
    return drawing(frame, "pictures", title, parts)


def _placed(picture: Picture, sides: tuple[int, ...], at: tuple[float, float, float]) -> list[str]:
    left, right, height = at
    edge = box((left, EDGE), (right, EDGE + height), "edge")
    if picture.pixels is None:
        return [edge, text((left + 8, height / 2 + 4), "not shown", "tick")]
    source = "data:image/png;base64," + b64encode(png(picture.pixels, sides)).decode("ascii")
    size = f'width="{num(right - left)}" height="{num(height)}"'
    shown = f'<image class="pixels" x="{num(left)}" y="{EDGE}" {size} preserveAspectRatio="none" href="{escape(source)}"/>'
    return [shown, edge]


def png(pixels: bytes, sides: tuple[int, ...]) -> bytes:
    """8-bit grey or RGB (W3C PNG, third edition). Stored without compression: the same bytes with every zlib."""
    rows, columns = sides[:2]
    kind = COLOUR if len(sides) == 3 and sides[2] == 3 else GREY
    stride = len(pixels) // rows
    lines = b"".join(b"\0" + pixels[i * stride : (i + 1) * stride] for i in range(rows))
    head = struct.pack(">IIBBBBB", columns, rows, 8, kind, 0, 0, 0)
    return SIGNATURE + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(lines, 0)) + _chunk(b"IEND", b"")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
