"""Whether a failed audit may be resumed with profit, or keeps a spec that has to be another one."""

import re

# A failed audit keeps its reason as one sentence; these are the keys and orders with which such a sentence asks for another spec.
# A url, a credential or a rate may be right and the server wrong for a while, so they are not among them.
ASKS_FOR_ANOTHER_SPEC = re.compile(
    r"\bdeclare (?:output|rows|what)\b|\btarget\.(?:protocol|classes|output|adapter|features|rows)\b|"
    r"\braise budget\.queries\b|\bgive data\."
)


def asks_for_another_spec(reason: str) -> bool:
    """An audit keeps the spec it was started with, so resuming it is no use where that is wrong."""
    return bool(ASKS_FOR_ANOTHER_SPEC.search(reason)) and "server's log" not in reason
