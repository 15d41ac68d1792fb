"""Charts as server-side SVG without inline styles; each is shown beside a table of its figures."""

from auditor.report.charts.canvas import standalone
from auditor.report.charts.fidelity import fidelity_svg
from auditor.report.charts.intervals import Bar, intervals_svg
from auditor.report.charts.roc import roc_svg
from auditor.report.charts.scorebar import scorebar_svg
from auditor.report.charts.trend import NARROW, TrendPoint, spark_svg, trend_svg

__all__ = [
    "NARROW",
    "Bar",
    "TrendPoint",
    "fidelity_svg",
    "intervals_svg",
    "roc_svg",
    "scorebar_svg",
    "spark_svg",
    "standalone",
    "trend_svg",
]
