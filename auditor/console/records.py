"""What became of the records before anything was asked, in sentences."""

from collections.abc import Mapping
from typing import Any

NAMES = {"members": "members", "non_members": "non-members", "auxiliary": "auxiliary", "training": "training"}
REMOVED = {
    "non_members_also_members": "{n} of the non-members stand among the members too: removed, and counted as members.",
    "auxiliary_also_candidates": "{n} of the auxiliary records stand among members or non-members too: removed from the auxiliary.",
    "non_members_also_training": "{n} of the non-members stand in the further training data: removed from the non-members.",
    "training_also_candidates": "{n} of the further training records are records in question: removed from the former.",
    "duplicate_canaries": "{n} canaries that the target cannot tell apart were left out.",
    **{f"duplicate_{side}": f"{{n}} repeated records of {name} were removed." for side, name in NAMES.items()},
    **{f"{side}_without_label": f"{{n}} records of {name} have no label and were removed." for side, name in NAMES.items()},
}


def data_notes(result: Mapping[str, Any]) -> list[str]:
    """One sentence for each reason why records were removed, then the notes on the data."""
    data = result.get("data") or {}
    removed = data.get("removed") or {}
    return [text.format(n=f"{removed[word]:,}") for word, text in REMOVED.items() if removed.get(word)] + list(
        data.get("notes") or []
    )
