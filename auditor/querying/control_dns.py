"""The token as a TXT record of the host: for endpoints that serve nothing but a model."""

import hmac
from collections.abc import Callable, Sequence

from auditor.errors import Conflict, TargetUnreachable
from auditor.querying.endpoint import parse_url

PREFIX = "_privacy-auditor."
SECONDS = 5.0
TextRecords = Callable[[str], Sequence[bytes]]


def record_name(url: str) -> str:
    """`_privacy-auditor.models.example.com`; raises Conflict for an address, which has no records."""
    endpoint = parse_url(url)
    if endpoint.literal is not None or "." not in endpoint.host.rstrip("."):
        raise Conflict(f"{endpoint.host[:100]} is no name in the DNS; place the token at its well-known path instead")
    return PREFIX + endpoint.host.rstrip(".").lower()


def check_record(url: str, token: str, look_up: TextRecords) -> None:
    """Raises Conflict if no TXT record is the token, TargetUnreachable if the DNS does not answer."""
    name = record_name(url)
    if not any(hmac.compare_digest(record, token.encode()) for record in look_up(name)):
        raise Conflict(
            f"no TXT record of {name} is the token of this workspace; add it, wait until it is published, and check again"
        )


def text_records(name: str) -> list[bytes]:
    """From the resolvers of this machine; a name without records has none."""
    from dns import exception, resolver

    try:
        answers = resolver.resolve(name, "TXT", lifetime=SECONDS, search=False)
    except (resolver.NXDOMAIN, resolver.NoAnswer):
        return []
    except exception.DNSException:
        raise TargetUnreachable(f"The DNS does not answer for {name[:100]}; check its name servers and try again.") from None
    return [b"".join(record.strings) for record in answers]
