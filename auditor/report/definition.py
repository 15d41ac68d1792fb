"""What a score means, version by version. A score is compared with scores of its own version only."""

from collections.abc import Container
from dataclasses import dataclass, replace
from itertools import pairwise

from auditor.report.words import SEVERITIES, SEVERITY_LIMITS

CURRENT = 3


@dataclass(frozen=True)
class Part:
    """`formula` stands on its own line, where there is one. `kinds`: of findings that it is about; none: of every audit."""

    title: str
    words: str
    formula: str = ""
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True)
class Definition:
    version: int
    lead: str
    parts: tuple[Part, ...]


def definition_of(version: int, kinds: Container[str]) -> Definition | None:
    """What concerns findings of these kinds. None for a version that this program does not know."""
    known = DEFINITIONS.get(version)
    return known and replace(known, parts=tuple(p for p in known.parts if not p.kinds or any(kind in kinds for kind in p.kinds)))


_SCALE = ", ".join(f"{name} below {SEVERITY_LIMITS[following]:.0f}" for name, following in pairwise(SEVERITIES))

_LEAD = (
    "A score says how much more an adversary learns with the model than without it: 0 is no better than the best guess "
    "without the model, 100 is everything. The score is the best guess of the true value, its lower limit is what was "
    "demonstrated, its upper limit is what cannot be excluded."
)
_MEMBERSHIP_WITHOUT_TIES = Part(
    "Membership",
    "The larger of two parts. The tail: a few people are found almost surely. TPR is the share of members found at "
    "the false-positive rate a0, and every tenfold counts alike; a0 is 0.1 % with at least 5,000 non-members, 1 % "
    "with at least 500, and with fewer there is no tail. The threshold comes from models whose members are known, "
    "never from the records that are judged. The bulk: everybody is told apart a little.",
    "tail = 100 log10(max(1, TPR / a0)) / log10(1 / a0),   bulk = 100 max(0, 2 AUC − 1)",
    ("membership",),
)
_MEMBERSHIP = Part(
    "Membership",
    "The larger of two parts. The tail: a few people are found almost surely. TPR is the share of members found at "
    "the false-positive rate a0, and every tenfold counts alike; a0 is 0.1 % with at least 5,000 non-members, 1 % "
    "with at least 500, and with fewer a tail is neither demonstrated nor excluded. Where ties leave no threshold for a0, TPR and "
    "the rate are those of the strictest threshold there is. The threshold comes from models whose members are known, "
    "never from the records that are judged. The bulk: everybody is told apart a little.",
    "tail = 100 log10(max(1, TPR / a0)) / log10(1 / a0),   bulk = 100 max(0, 2 AUC − 1)",
    ("membership",),
)
_VALUES_OF_THE_SUREST = Part(
    "Recovered values",
    "A is the share of right values among the surest guesses about members. B is the better of the same share on "
    "non-members and of guesses made without the model.",
    "score = 100 max(0, A − B) / (1 − B)",
    ("attribute",),
)
_VALUES = Part(
    "Recovered values",
    "The larger of two parts. The tail: A is the share of right values among the surest guesses about members. The bulk: A is "
    "the share of members whose value is guessed right. B is the better of the same share on non-members and of guesses made "
    "without the model; a part whose B is 99 % or more has nothing left to leak and is left out.",
    "tail, bulk = 100 max(0, A − B) / (1 − B)",
    ("attribute",),
)
_CANARIES = "R is the share of planted canaries that are remembered beyond doubt, one by one"
_CANARIES_ALONE = Part("Canaries", f"{_CANARIES}.", "score = 100 R", ("exposure",))
_CANARIES_TOGETHER = Part(
    "Canaries",
    f"{_CANARIES}. E is the mean exposure of all of them in bits, 1.44 where nothing is remembered, and E1 the most that can be "
    "shown.",
    "score = 100 max(R, (E − 1.44) / (E1 − 1.44))",
    ("exposure",),
)
_REST = (
    Part(
        "Rebuilt records and classes",
        "D is how far claims about records, or about what is typical of a class, are from the truth, D0 the same of the best guess "
        "without the model.",
        "score = 100 max(0, 1 − D / D0)",
        ("reconstruction", "records", "missing-record"),
    ),
    Part(
        "Properties of the training data",
        "P is how often models of two shares of the property are told apart.",
        "score = 100 max(0, 2 P − 1)",
        ("property",),
    ),
    Part("Checks of a file", "What was found is certain: the score is where its severity begins.", kinds=("disclosures",)),
    Part(
        "Stolen copies",
        "F is how often the copy agrees with the model on records it never asked about, F0 the same for a copy that asked nothing.",
        "score = 100 max(0, F − F0) / (1 − F0)",
        ("extraction",),
    ),
    Part(
        "Severity",
        f"The level of the lower limit: {_SCALE}, {SEVERITIES[-1]} from {SEVERITY_LIMITS[SEVERITIES[-1]]:.0f}.",
    ),
    Part(
        "Outcome",
        "A breach if the lower limit reaches the policy's level for the family, a pass if the upper limit stays below "
        "it, else inconclusive; a failed control makes it inconclusive whatever the figures. Limits that decide hold "
        "for all attacks of a family together. The audit's score is the largest among decided findings.",
    ),
)

DEFINITIONS = {
    1: Definition(1, _LEAD, (_MEMBERSHIP_WITHOUT_TIES, _VALUES_OF_THE_SUREST, _CANARIES_ALONE, *_REST)),
    2: Definition(2, _LEAD, (_MEMBERSHIP_WITHOUT_TIES, _VALUES, _CANARIES_TOGETHER, *_REST)),
    3: Definition(3, _LEAD, (_MEMBERSHIP, _VALUES, _CANARIES_TOGETHER, *_REST)),
}
