"""The report as one self-contained page: its styles inside, its charts as SVG, nothing fetched, nothing run."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from auditor.report.reading import read

SHEETS = ("tokens.css", "page.css", "charts.css")


def html(result: Mapping[str, Any]) -> str:
    """The whole page."""
    return _environment().get_template("page.html").render(reading=read(result), style=Markup(stylesheet()))  # noqa: S704 - our own sheet


def body(result: Mapping[str, Any]) -> str:
    """The sections without the page around them, for the dashboard."""
    return _environment().get_template("body.html").render(reading=read(result))


@cache
def stylesheet() -> str:
    """Tokens, text and charts; the dashboard serves the same sheet."""
    return "\n".join(files("auditor.report").joinpath("styles", name).read_text("utf-8") for name in SHEETS)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("auditor.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["drawing"] = _drawing
    return environment


def _drawing(svg: str) -> Markup:
    """A chart drawn by `charts`, which escapes every text it is given."""
    return Markup(svg)  # noqa: S704
