"""The report as a PDF by typst. Data goes in as JSON, never as source, so a name can say what it wants; the date is the audit's,
so the same result gives the same bytes on every machine (fonts that ship with typst only)."""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from importlib.resources import files
from typing import Any, Literal

import typst

from auditor.report.charts import standalone
from auditor.report.families import FamilyOf
from auditor.report.findings import Finding
from auditor.report.reading import moment_of, read
from auditor.report.reconstructed import Rebuilt

Standard = Literal["ua-1"]
ACCESSIBLE: Standard = "ua-1"
UNSHOWN = "could not be displayed"
"""What typst says of a letter that none of its fonts has: such a file would not be accessible."""


def pdf(result: Mapping[str, Any]) -> bytes:
    """A tagged PDF (PDF/UA-1), readable by screen readers.

    A name in letters that the fonts of typst lack is set in the fonts of this machine; where they lack them too, it is a box that
    can still be copied as text, and the file does not claim to be accessible.
    """
    data = _data(result)
    try:
        return _compiled(data, ACCESSIBLE)
    except typst.TypstError as error:
        if UNSHOWN not in str(error):
            raise
    try:
        return _compiled(data, ACCESSIBLE, ignore_system_fonts=False)
    except typst.TypstError:
        return _compiled(data, None, ignore_system_fonts=False)


def _compiled(data: str, standard: Standard | None, ignore_system_fonts: bool = True) -> bytes:
    source = files("auditor.report").joinpath("templates/report.typ").read_bytes()
    page = typst.compile(
        source,
        sys_inputs={"report": data},
        ignore_system_fonts=ignore_system_fonts,
        format="pdf",
        pdf_standards=standard,
    )
    return bytes(page)


def _data(result: Mapping[str, Any]) -> str:
    reading = read(result)
    printed = replace(reading, families=tuple(map(_family, reading.families)))
    moment = moment_of(result["audit"])
    date = None if moment is None else [moment.year, moment.month, moment.day]
    return json.dumps({**asdict(printed), "day": date}, ensure_ascii=False)


def _family(family: FamilyOf) -> FamilyOf:
    adversaries = (replace(a, findings=tuple(map(_printed, a.findings))) for a in family.adversaries)
    return replace(family, adversaries=tuple(adversaries))


def _printed(finding: Finding) -> Finding:
    """Its drawings with their looks inside."""
    chart = None if finding.chart is None else replace(finding.chart, svg=_drawn(finding.chart.svg))
    groups = None if finding.groups is None else replace(finding.groups, svg=_drawn(finding.groups.svg))
    return replace(finding, bar=_drawn(finding.bar), chart=chart, groups=groups, rebuilt=_rebuilt(finding.rebuilt))


def _rebuilt(found: Rebuilt | None) -> Rebuilt | None:
    return found and replace(found, classes=tuple(replace(c, svg=_drawn(c.svg)) for c in found.classes))


def _drawn(svg: str) -> str:
    return standalone(svg) if svg else ""
