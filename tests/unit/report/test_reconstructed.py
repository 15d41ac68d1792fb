"""Reconstructions in the page and in print: pictures with words for those who cannot see them, nothing a strict policy refuses."""

import base64
import re
import struct
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from auditor.report import html, pdf
from auditor.report.charts.pictures import Picture, pictures_svg, png
from auditor.report.reconstructed import rebuilt_of

Load = Callable[[str], dict[str, Any]]
IMAGE = {"reconstructed": "00ff8000", "guess": None, "members": "00ff8080"}


def pictured(**more: Any) -> dict[str, Any]:
    item = {"label": "ring", "members": 1200, "distance": 0.01, "distance_guess": 0.04, "image": IMAGE, **more}
    return {"image_shape": [2, 2], "classes": [item], "left_out": {"small": 0, "more": 0}}


def tabled(column: str = "age") -> dict[str, Any]:
    row = {"column": column, "members": 38.25, "reconstructed": "<b>York</b>", "guess": None}
    item = {"label": "<i>yes</i>", "members": 40, "distance": 0.2, "distance_guess": 0.1, "columns": [row]}
    return {"image_shape": None, "classes": [item], "left_out": {"small": 2, "more": 1}}


def with_shown(result: dict[str, Any], shown: dict[str, Any]) -> dict[str, Any]:
    found = {**result["findings"][0], "attack": "class-inversion", "family": "inversion", "kind": "reconstruction"}
    return {**result, "findings": [*result["findings"], {**found, "subgroups": [], "exposure": None, "reconstructions": shown}]}


def cells(data: bytes) -> tuple[tuple[int, ...], bytes]:
    """(columns, rows, depth, colour type) and the raw lines of a PNG, its check sums verified."""
    place, chunks = 8, {}
    while place < len(data):
        size = struct.unpack(">I", data[place : place + 4])[0]
        name, body = data[place + 4 : place + 8], data[place + 8 : place + 8 + size]
        assert struct.unpack(">I", data[place + 8 + size : place + 12 + size])[0] == zlib.crc32(name + body)
        chunks[name], place = body, place + 12 + size
    return struct.unpack(">IIBB", chunks[b"IHDR"][:10]), zlib.decompress(chunks[b"IDAT"])


def test_a_png_holds_the_cells_line_by_line() -> None:
    assert cells(png(bytes([1, 2, 3, 4, 5, 6]), (2, 3))) == ((3, 2, 8, 0), bytes([0, 1, 2, 3, 0, 4, 5, 6]))
    assert cells(png(bytes(range(6)), (1, 2, 3))) == ((2, 1, 8, 2), bytes([0, *range(6)]))


def test_pictures_stand_beside_each_other_with_their_words() -> None:
    svg = pictures_svg([Picture(b"\0\0", ("left",)), Picture(None, ("right",))], (1, 2), 'A "title" & more')
    assert "<title>A &quot;title&quot; &amp; more</title>" in svg
    assert svg.count("<image") == 1
    assert svg.index("left") < svg.index("not shown") < svg.index("right")
    assert "style=" not in svg


def test_a_finding_without_reconstructions_has_none() -> None:
    assert rebuilt_of({"attack": "lira"}) is None


def test_a_class_is_told_in_words_as_well() -> None:
    found = rebuilt_of({"reconstructions": pictured()})
    assert found is not None
    assert found.nearness == (("ring", "1,200", "0.0100", "0.0400", "reconstruction"),)
    assert found.classes[0].alt.endswith("The reconstruction is nearer to that mean.")
    assert found.notes == ()


@pytest.mark.parametrize(
    ("distance", "guess", "nearer", "words"),
    [(0.5, 0.5, "both", "equally far"), (0.6, 0.5, "guess", "The guess is nearer"), (0.6, None, "–", "too few records")],
)
def test_who_is_nearer(distance: float, guess: float | None, nearer: str, words: str) -> None:
    found = rebuilt_of({"reconstructions": pictured(distance=distance, distance_guess=guess)})
    assert found is not None
    assert found.nearness[0][-1] == nearer
    assert words in found.classes[0].alt


def test_what_is_left_out_is_counted() -> None:
    found = rebuilt_of({"reconstructions": tabled()})
    assert found is not None
    assert found.notes[0].startswith("2 classes of fewer than 10 members")
    assert found.notes[1] == "1 class more after the first 1."
    assert found.classes[0].rows == (("age", "38.25", "<b>York</b>", "–"),)


def test_where_every_class_is_small_only_that_is_said(load: Load) -> None:
    page = html(with_shown(load("pass"), {**pictured(), "classes": [], "left_out": {"small": 3, "more": 0}}))
    assert "3 classes of fewer than 10 members left out" in page
    assert "How far each is" not in page


def test_the_page_shows_pictures_with_their_words(load: Load) -> None:
    page = html(with_shown(load("pass"), pictured()))
    assert "<title>Class ring: the mean of 1200 members, the reconstruction and the best guess without the model." in page
    sources = re.findall(r'<image[^>]* href="data:image/png;base64,([^"]+)"', page)
    assert [cells(base64.b64decode(s))[1].hex() for s in sources] == ["0000ff008080", "0000ff008000"]
    assert "How far each is from the mean of the members" in page


def test_nothing_of_it_is_refused_by_the_content_policy(load: Load) -> None:
    section = html(with_shown(load("pass"), pictured())).split('<section class="rebuilt"')[1].split("</section>")[0]
    assert not re.search(r"\sstyle=|\son\w+=|<script|<style|https?://(?!www\.w3\.org/2000/svg)", section)


def test_cells_are_text_whatever_they_hold(load: Load) -> None:
    page = html(with_shown(load("pass"), tabled("<script>alert(1)</script>")))
    assert "&lt;b&gt;York&lt;/b&gt;" in page
    assert "<b>York" not in page and "<script>" not in page  # noqa: PT018 - neither may stand


def test_print_has_both_forms(load: Load) -> None:
    plain = pdf(load("pass"))
    for shown in (pictured(), tabled("#panic() $x$")):
        printed = pdf(with_shown(load("pass"), shown))
        assert printed.startswith(b"%PDF") and len(printed) > len(plain)  # noqa: PT018 - a page with more on it
        assert printed == pdf(with_shown(load("pass"), shown))
