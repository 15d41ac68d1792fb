"""What to do about an audit that failed: resume it, or change its spec and run again."""

from auditor.workflow.advice import asks_for_another_spec

CHANGE = "change the spec and run again"


def advice_on(reason: str, resume: str) -> str:
    """`resume`: the sentence on how to go on."""
    return CHANGE if asks_for_another_spec(reason) else f"{resume}, with the same spec"
