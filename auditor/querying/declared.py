"""What can be said of a target before it is asked: a mistake in its declaration is told when it is handed in, not by the audit."""

from dataclasses import replace

from auditor.domain.target import Auth, AuthKind, Target
from auditor.errors import InvalidInput
from auditor.querying.auth.certificates import context_for
from auditor.querying.auth.static import checked_name
from auditor.querying.endpoint import check_url, parse_url
from auditor.querying.explaining import explainer_endpoint
from auditor.querying.protocols import wire_for
from auditor.querying.protocols.explained import explained_wire
from auditor.settings import Settings


def check_target(target: Target, settings: Settings) -> None:
    """Raises InvalidInput for addresses that may not be asked, headers, adapters and explainers that cannot be sent, and a wrong
    authority."""
    check_url(target.url, settings)
    if target.auth.token_url:
        _check_token_url(target.auth.token_url, settings)
    if target.auth.kind is AuthKind.HEADER:
        checked_name(target.auth.header)
    context_for(replace(target, auth=Auth()), None)
    if target.adapter is not None:  # which class a score is of can be said once the classes are known
        wire_for(replace(target, adapter=replace(target.adapter, score_of="")), (), parse_url(target.url))
    if target.explainer is not None:
        explained_wire(target, target.explainer, (), explainer_endpoint(target, target.explainer))


def _check_token_url(url: str, settings: Settings) -> None:
    try:
        check_url(url, settings)
    except InvalidInput as mistake:
        raise InvalidInput("target.auth.token_url", mistake.sentence) from None
