"""Why records were removed before anything was asked, a sentence for each reason."""

from collections.abc import Mapping

NAMES = {"members": "members", "non_members": "non-members", "auxiliary": "auxiliary", "training": "training"}
REMOVED = {
    "non_members_also_members": "Non-members that stand among the members too: {n}, removed.",
    "members_also_non_members": "Members that stand among the non-members too: {n}, removed: off one side alone they would make the"
    " sides differ.",
    **{
        f"unmatched_{side}": f"{name.capitalize()} that the data repeat: {{n}}, left out, to be as frequent on both sides."
        for side, name in (("members", "members"), ("non_members", "non-members"))
    },
    "auxiliary_also_candidates": "Auxiliary records that stand among members or non-members too: {n}, removed from the auxiliary.",
    "non_members_also_training": "Non-members that stand in the further training data: {n}, removed from the non-members.",
    "training_also_candidates": "Further training records that are records in question: {n}, removed from the former.",
    "duplicate_canaries": "Canaries that the target cannot tell apart: {n}, left out.",
    **{f"duplicate_{side}": f"Repeated records of {name}: {{n}}, removed." for side, name in NAMES.items()},
    **{f"{side}_without_label": f"Records of {name} without a label: {{n}}, removed." for side, name in NAMES.items()},
}


def removed_in_words(removed: Mapping[str, int]) -> tuple[str, ...]:
    return tuple(text.format(n=f"{removed[word]:,}") for word, text in REMOVED.items() if removed.get(word))
