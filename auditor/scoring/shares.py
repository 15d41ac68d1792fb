"""A share in a sentence, written as reports write it: 53.7 %."""


def percent(share: float | None, digits: int = 1) -> str:
    """In percent with `digits` decimals; a share that does not exist counts as none."""
    return f"{100 * (share or 0.0):.{digits}f} %"
