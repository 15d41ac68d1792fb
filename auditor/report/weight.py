"""Which findings weigh: an attack that is blind by its own positive control is set aside while another of its family decides.

The same rule as `auditor.scoring.score.is_blind`, which would load the numeric libraries for it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

Document = Mapping[str, Any]

POSITIVE_CONTROLS = ("lookup_twin", "known_target")
DECIDED = ("breach", "pass")
ORDER = {"breach": 0, "inconclusive": 1}
LAST = 3


def set_aside(findings: Sequence[Document]) -> list[Document]:
    """Of the findings of one family, those that count for nothing."""
    if not any(f["outcome"] in DECIDED for f in findings):
        return []
    return [f for f in findings if f["outcome"] == "inconclusive" and _is_blind(f)]


def ordered(findings: Sequence[Document]) -> list[Document]:
    """Of one family: breaches, then open questions, then the rest, then what is set aside; within each by what was demonstrated."""
    aside = set_aside(findings)
    return sorted(findings, key=lambda f: (_rank(f, aside), -(f.get("score_low") or 0), -(f.get("score") or 0)))


def by_family(result: Document) -> dict[str, list[Document]]:
    """The findings of each family in their order; the family with the weightiest first finding comes first."""
    grouped: dict[str, list[Document]] = {}
    for finding in result.get("findings", ()):
        grouped.setdefault(str(finding["family"]), []).append(finding)
    families = [ordered(findings) for findings in grouped.values()]
    families.sort(key=lambda found: (ORDER.get(found[0]["outcome"], 2), -(found[0].get("score_low") or 0)))
    return {str(found[0]["family"]): found for found in families}


def _rank(finding: Document, aside: list[Document]) -> int:
    return LAST if any(finding is other for other in aside) else ORDER.get(finding["outcome"], 2)


def failed_checks(finding: Document) -> list[str]:
    """The controls that say against a finding that it holds."""
    return [name for name, control in (finding.get("controls") or {}).items() if control and control.get("passed") is False]


RESTS_ON_TAIL = "The score rests on the low-FPR tail"
"""How a caveat of `auditor.scoring.membership` begins."""
LED_BY = {
    RESTS_ON_TAIL: "tpr@",
    "The score rests on the tail: ": "advantage_over_imputation",
    "The score rests on all canaries": "exposure",
}
"""Caveats of `auditor.scoring`, and the figure that the score is made of."""


def telling(finding: Document, names: Sequence[str]) -> list[Document]:
    """The estimates of these names that have a value, in this order, one a name, a calibrated threshold before an oracle's; where
    the tail made the score its figures are first. A rate of 0 made none: ties let no threshold reach it."""
    known = [e for e in finding.get("estimates", ()) if e.get("value") is not None]
    chosen = [sorted((e for e in known if e["name"] == name), key=lambda e: e.get("threshold") == "oracle")[:1] for name in names]
    listed = [estimate for some in chosen for estimate in some]
    caveats = tuple(map(str, finding.get("caveats", ())))
    leading = tuple(name for words, name in LED_BY.items() if any(words in c for c in caveats))
    return sorted(listed, key=lambda e: not (e["name"].startswith(leading) and e["value"] > 0))


def voids_epsilon(finding: Document) -> list[str]:
    """The failed controls for which its epsilon does not hold: an attack that would not find a leak may still have found one, and
    coins are fair whatever a check by chance says."""
    if any(e["name"] == "epsilon_lower_bound" for e in finding.get("estimates", ())):
        return []
    return [name for name in failed_checks(finding) if name not in POSITIVE_CONTROLS]


def _is_blind(finding: Document) -> bool:
    """Did it fail its positive control, and no other check?"""
    failed = set(failed_checks(finding))
    return bool(failed) and failed <= set(POSITIVE_CONTROLS)
