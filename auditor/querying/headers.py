"""Names of headers: what can be one, and which the client writes itself: they say where a request goes and where it ends."""

import re

HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
OWN = frozenset(
    [
        *("host", "content-length", "content-type", "content-encoding", "transfer-encoding", "te", "trailer", "expect"),
        *("connection", "keep-alive", "proxy-connection", "upgrade", "accept-encoding"),
    ]
)


def is_own(name: str) -> bool:
    return name.lower() in OWN
