"""A share in a sentence, written as reports write it, 53.7 %, and a difference of two in percentage points, 4.1 pp."""


def percent(share: float | None, digits: int = 1) -> str:
    """In percent with `digits` decimals; a share that does not exist counts as none."""
    return f"{100 * (share or 0.0):.{digits}f} %"


def points(difference: float) -> str:
    """With its sign, as it may be either."""
    return f"{100 * difference:+.1f} pp".replace("-", "−")
