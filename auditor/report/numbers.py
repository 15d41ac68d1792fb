"""Figures as people read them: percentages with as many digits as they carry, grouped counts, durations in words."""

import math
from datetime import datetime

SPACE = "\u00a0"
DASH = "–"
PERCENT_NAMES = (
    "tpr@",
    "tnr@",
    "ppv@",
    "precision@",
    "accuracy",
    "baseline_accuracy",
    "baseline_fidelity",
    "fidelity",
    "copy_accuracy",
    "target_accuracy",
    "within_tolerance",
    "rebuilt_exactly",
    "rebuilt_within@",
    "solved_share",
    "boxed_share",
    "memorised_share",
    "property_accuracy",
    "property_share",
    "improvement_over_guess",
    "nearer_to_members",
    "evaluator_accuracy",
    "recognised_share",
)
DIFFERENCE_NAMES = (
    "tpr_difference",
    "tpr_above_blind@",
    "accuracy_difference",
    "accuracy_advantage",
    "advantage_over_imputation",
    "distributional_advantage",
)
"""Differences of two shares: 40 % and 30 % are ten percentage points apart, not 10 %."""
POINTS = f"{SPACE}pp"
ROUNDING = 1e-9
EPSILON_NAMES = ("empirical_epsilon", "epsilon_lower_bound")
COUNT_NAMES = (
    *("n_leaked", "queries", "queries_to@0.9", "queries_to@0.95", "queries_to@0.99", "unknowns", "leaves", "distinct_answers"),
    *("thresholds", "boundary_points", "hidden_units", "disclosures"),
)
SMALLEST_PLAIN = 0.0005
"""Below it a number would be printed as 0.000, which is another thing."""


def is_percentage(name: str) -> bool:
    """Is the estimate of this name a share, read in percent?"""
    return name.startswith(PERCENT_NAMES)


def figure(name: str, value: float) -> str:
    """A value of the estimate `name` with its unit."""
    if name.startswith(DIFFERENCE_NAMES):
        return points(value)
    if is_percentage(name):
        return measured(value)
    if name in EPSILON_NAMES:
        return f"{value:.2f}"
    return grouped(value) if name in COUNT_NAMES else plain(value)


def tick(name: str, value: float) -> str:
    """A round value on an axis: without the decimal of a measured one."""
    return f"{percent(value).removesuffix('%')}pp" if name.startswith(DIFFERENCE_NAMES) else figure(name, value)


def interval(name: str, low: float, high: float) -> str:
    """`low to high`, the unit once."""
    unit = POINTS if name.startswith(DIFFERENCE_NAMES) else f"{SPACE}%"
    return f"{figure(name, low).removesuffix(unit)} to {figure(name, high)}"


def points(difference: float) -> str:
    """A difference of two shares in percentage points: 0.0412 -> 4.1 pp."""
    return measured(difference).removesuffix("%") + "pp"


def percent(share: float) -> str:
    """0.0412 -> 4.1 %; two significant digits below 1 %."""
    value = 100 * share
    if value == 0 or abs(value) >= 1:
        text = f"{value:.1f}"
    else:
        text = f"{value:.{min(4, 1 - math.floor(math.log10(abs(value))))}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return f"{'0' if text in ('-0', '') else text}{SPACE}%".replace("-", "−")


def measured(share: float) -> str:
    """As `percent`, with the decimal that a measured share keeps beside others: 4.0 % under 4.1 %."""
    value = 100 * share
    return f"{value:.1f}{SPACE}%".replace("-", "−") if 1 <= abs(value) < 99.95 else percent(share)


def plain(value: float) -> str:
    if 0 < abs(value) < SMALLEST_PLAIN:
        return f"{value:.1e}".replace("-", "−")
    return f"{value:.3f}".replace("-", "−") if abs(value) < 100 else grouped(value)


def grouped(value: float) -> str:
    return f"{value:,.0f}".replace("-", "−")


def score(value: float | None) -> str:
    """A score of 0 to 100 as a whole number; a dash where it cannot be told."""
    return DASH if value is None else f"{value:.0f}"


def span(low: float | None, high: float | None) -> str:
    """An interval of scores, rounded outwards: nothing looks surer than it is."""
    return f"{at_least(low)} to {at_most(high)}"


def at_least(value: float | None) -> str:
    return score(None if value is None else math.floor(value + ROUNDING))


def at_most(value: float | None) -> str:
    return score(None if value is None else math.ceil(value - ROUNDING))


def duration(seconds: float) -> str:
    """41 s, 3 min 12 s, 2 h 05 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole}{SPACE}s"
    if whole < 3600:
        return f"{whole // 60}{SPACE}min {whole % 60:02d}{SPACE}s"
    return f"{whole // 3600}{SPACE}h {whole % 3600 // 60:02d}{SPACE}min"


def day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"


def minute(moment: datetime) -> str:
    """2 March 2026, 09:14 UTC"""
    return f"{day(moment)}, {moment:%H:%M} UTC"
