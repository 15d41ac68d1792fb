"""What would lower a breach, in order of reach: training, answers, callers. No figure is promised: the next audit measures it."""

from collections.abc import Mapping
from typing import Any

Document = Mapping[str, Any]
TRAIN = (
    "Train so that no single record matters much: a smaller or more regularised model, early stopping, more records. Training with "
    "differential privacy bounds what it can matter."
)
ANSWER_LESS = (
    "Answer less, such as the label alone or fewer decimals: `auditor what-if` measures on the recorded answers whether that would "
    "be enough, without asking the model again."
)
CALLERS = "Limit how many rows a caller may ask, and watch for callers who ask many: this copy took {queries:,}."
FILE = "Publish the model in a format that runs nothing when it is loaded, such as safetensors or ONNX, and check its digest."
AGAIN = "Then audit the same records again: `auditor compare` shows what changed."
ABOUT_PEOPLE = {"membership", "inversion"}


def remedies_of(result: Document) -> tuple[str, ...]:
    """Empty where nothing was breached; where channels were tried already, the report tells of them in a section of its own."""
    broken = {f["family"]: f for f in reversed(result.get("findings", ())) if f["outcome"] == "breach"}
    about_people = ABOUT_PEOPLE & set(broken)
    said = [TRAIN] if about_people else []
    said += [ANSWER_LESS] if about_people and not result.get("what_if") else []
    said += [CALLERS.format(queries=broken["stealing"].get("queries") or 0)] if "stealing" in broken else []
    said += [FILE] if "supply-chain" in broken else []
    return (*said, AGAIN) if said else ()
