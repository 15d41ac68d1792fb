"""The way to a target's counterfactuals: its own host, its credential, the guard of every other question."""

from collections.abc import Sequence

from auditor.domain.data import Column
from auditor.domain.target import Explainer, Target
from auditor.errors import InvalidInput
from auditor.querying.endpoint import Endpoint, parse_url
from auditor.querying.guard import Guard
from auditor.querying.protocols.explained import FIELD, explained_wire
from auditor.querying.transport import HttpTransport, Line, opened


def explaining_transport(
    target: Target, columns: Sequence[Column], secret: str | None, guard: Guard, *, timeout: float = 30.0
) -> HttpTransport:
    """Raises InvalidInput for a URL that may not be asked, and for a target without an endpoint for counterfactuals."""
    explainer = target.explainer
    if explainer is None:
        raise InvalidInput(FIELD, "say where counterfactuals are asked for: url and body")
    endpoint = explainer_endpoint(target, explainer)
    return opened(target, endpoint, explained_wire(target, explainer, tuple(columns), endpoint), secret, Line(guard, timeout))


def explainer_endpoint(target: Target, explainer: Explainer) -> Endpoint:
    """A credential, a rate and a proof of control hold for one host, so the endpoint stands on that of the target."""
    try:
        endpoint = parse_url(explainer.url)
    except InvalidInput as mistake:
        raise InvalidInput(f"{FIELD}.url", mistake.sentence) from None
    own = parse_url(target.url)
    if (endpoint.scheme, endpoint.host, endpoint.port) != (own.scheme, own.host, own.port):
        raise InvalidInput(f"{FIELD}.url", "give an address on the scheme, host and port of target.url; credentials go to no other")
    return endpoint
