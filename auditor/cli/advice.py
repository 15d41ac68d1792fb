"""What to do about an audit that failed: resume it, or change its spec and run again."""

import re

# A failed audit keeps its reason as one sentence; these are the keys and orders with which such a sentence asks for another spec.
# A url, a credential or a rate may be right and the server wrong for a while, so they are not among them.
ASKS_FOR_ANOTHER_SPEC = re.compile(
    r"\bdeclare (?:output|rows|what)\b|\btarget\.(?:protocol|classes|output|adapter|features|rows)\b|"
    r"\braise budget\.queries\b|\bgive data\."
)
CHANGE = "change the spec and run again"


def advice_on(reason: str, resume: str) -> str:
    """`resume`: the sentence on how to go on; an audit keeps the spec it was started with, so it is no use where that is wrong."""
    is_wrong = ASKS_FOR_ANOTHER_SPEC.search(reason) and "server's log" not in reason
    return CHANGE if is_wrong else f"{resume}, with the same spec"
