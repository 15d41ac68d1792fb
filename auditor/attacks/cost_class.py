"""What an attack costs beside the answers about the candidates, which every audit asks for once."""

from auditor.domain.attack import Attack, Needs, Scope
from auditor.domain.data import Sensitive
from auditor.domain.target import Output, Profile
from auditor.errors import AuditorError

# An ordinary audit: what it offers, so that attacks can say what they would take.
CANDIDATES, AUXILIARY, SHADOWS, QUERIES = 10_000, 3_000, 64, 1_000_000
ORDINARY = Scope(
    profile=Profile(Output.PROBABILITIES, ("0", "1")),
    candidates=CANDIDATES,
    auxiliary=AUXILIARY,
    shadows=SHADOWS,
    queries_left=QUERIES,
    sensitive=(Sensitive("sensitive", ("sensitive",), (("0",), ("1",))),),
)


def cost_class(attack: type[Attack]) -> str:
    """In words, with its parameters at their defaults, on an audit of 10,000 candidates."""
    try:
        needs = attack().needs(ORDINARY)
    except (AuditorError, TypeError):  # TypeError: a parameter without a default
        return "depends on its parameters"
    return " and ".join(filter(None, (_shadows(needs), _queries(needs)))) or "nothing more"


def _shadows(needs: Needs) -> str:
    return "shadow models (shared with other attacks)" if needs.shadows else ""


def _queries(needs: Needs) -> str:
    if not needs.queries_max:
        return ""
    least, most = f"{needs.queries_min:,}", f"{needs.queries_max:,}"
    return f"{most} more queries" if least == most else f"{least} to {most} more queries"
