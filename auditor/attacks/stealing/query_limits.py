"""How many records an attack that steals may ask: the bounds of its parameter `queries`, and what the audit leaves of it."""

from auditor.attacks.stealing.population import UNIFORM
from auditor.attacks.stealing.repeats import REPEATED
from auditor.domain.attack import Context
from auditor.errors import InvalidInput

JUDGING = UNIFORM + REPEATED
"""What judging a copy asks beside learning it."""


def check_queries(attack: str, queries: object, least: int, most: int) -> None:
    """Raises InvalidInput("attacks.<attack>.queries") for what is no whole number from `least` to `most`."""
    if not isinstance(queries, int) or isinstance(queries, bool) or not least <= queries <= most:
        raise InvalidInput(f"attacks.{attack}.queries", f"set queries to a whole number from {least} to {most:,}, not {queries!r}")


def limit_of(context: Context, queries: int, judging: int = JUDGING) -> int:
    """Records to learn from: what the parameter and the audit's limit allow beside those that judge the copy."""
    return min(queries, context.query_limit - judging) if context.query_limit else queries
