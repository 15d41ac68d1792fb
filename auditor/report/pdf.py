"""The report as a PDF by typst. Data goes in as JSON, never as source, so a name can say what it wants; the date is the audit's,
so the same result gives the same bytes on every machine (fonts that ship with typst only)."""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from importlib.resources import files
from typing import Any

import typst

from auditor.report.charts import standalone
from auditor.report.findings import Finding
from auditor.report.reading import moment_of, read


def pdf(result: Mapping[str, Any]) -> bytes:
    """A tagged PDF (PDF/UA-1), readable by screen readers."""
    source = files("auditor.report").joinpath("templates/report.typ").read_bytes()
    page = typst.compile(
        source,
        sys_inputs={"report": _data(result)},
        ignore_system_fonts=True,
        format="pdf",
        pdf_standards=["ua-1"],
    )
    return bytes(page)


def _data(result: Mapping[str, Any]) -> str:
    reading = read(result)
    printed = replace(reading, findings=tuple(_printed(f) for f in reading.findings))
    moment = moment_of(result["audit"])
    date = None if moment is None else [moment.year, moment.month, moment.day]
    return json.dumps({**asdict(printed), "day": date}, ensure_ascii=False)


def _printed(finding: Finding) -> Finding:
    """Its drawings with their looks inside."""
    chart = None if finding.chart is None else replace(finding.chart, svg=standalone(finding.chart.svg))
    return replace(finding, bar=standalone(finding.bar) if finding.bar else "", chart=chart)
