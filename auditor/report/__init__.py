"""Reports of a result document: a page, a PDF, canonical JSON, and the charts that the dashboard shares."""

from auditor.report.canonical import as_json
from auditor.report.charts import NARROW, TrendPoint, fidelity_svg, roc_svg, scorebar_svg, spark_svg, trend_svg
from auditor.report.html import body, html, stylesheet
from auditor.report.pdf import pdf

__all__ = [
    "NARROW",
    "TrendPoint",
    "as_json",
    "body",
    "fidelity_svg",
    "html",
    "pdf",
    "roc_svg",
    "scorebar_svg",
    "spark_svg",
    "stylesheet",
    "trend_svg",
]
