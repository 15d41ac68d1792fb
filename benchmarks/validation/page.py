"""docs/validity.md: what was counted, beside what is promised."""

from collections.abc import Mapping, Sequence

from auditor.scoring.intervals import clopper_pearson
from benchmarks.validation.realised import RECORDS, SHADOWS, TARGETS, Realised

KEPT, BROKEN = "kept", "**broken**"


def alarms(counted: Mapping[str, int], promised: Mapping[str, float], runs: int) -> str:
    rows = ["| alarm | runs | share (95 % interval) | promised at most | |", "|---|---|---|---|---|"]
    for name, rate in promised.items():
        found = clopper_pearson(counted.get(name, 0), runs)
        share = f"{found.value:.1%} ({found.low:.1%} to {found.high:.1%})"
        rows.append(
            f"| {name} | {counted.get(name, 0)} of {runs} | {share} | {rate:.0%} | {KEPT if found.low <= rate else BROKEN} |"
        )
    return "\n".join(rows)


def coverage(summed: Mapping[str, float], promised: Mapping[str, tuple[float, float]], runs: int) -> str:
    """A share of intervals that held, or of names that were wrong, with its own limits as a share of the runs."""
    rows = ["| interval or share | runs | found (95 % interval) | promised | |", "|---|---|---|---|---|"]
    for name, (low, high) in promised.items():
        found = clopper_pearson(summed.get(name, 0.0), runs)
        shown = f"{found.value:.1%} ({found.low:.1%} to {found.high:.1%})"
        kept = KEPT if found.low <= high and found.high >= low else BROKEN
        rows.append(f"| {name} | {runs} | {shown} | {low:.0%} to {high:.0%} | {kept} |")
    return "\n".join(rows)


def realised(found: Sequence[Realised]) -> str:
    rows = ["| model | attack | aimed at | realised (interval of one audit) | TPR there | audits whose interval holds it | |"]
    rows.append("|---|---|---|---|---|---|---|")
    for one in found:
        shown = f"{one.fpr.value:.3%} ({one.fpr.low:.3%} to {one.fpr.high:.3%})"
        kept = KEPT if one.is_kept else BROKEN
        rows.append(f"| {one.model} | {one.attack} | {one.rate:.1%} | {shown} | {one.tpr:.2%} | {one.held} of {TARGETS} | {kept} |")
    return "\n".join(rows)


def page(parts: Mapping[str, str], commit: str, seconds: float) -> str:
    """The whole page; `parts` holds the tables of each section and the words that stand around them."""
    told = {"targets": TARGETS, "records": RECORDS, "shadows": SHADOWS, **parts}
    return "\n\n".join([HEAD.format(commit=commit, seconds=seconds), *(text.format_map(told) for text in SECTIONS.values())]) + "\n"


def renewed(old: str, name: str, parts: Mapping[str, str], counted: str) -> str:
    """The page with this section counted again, and the words that say so; the others stay as they are."""
    section = SECTIONS[name].format_map({"targets": TARGETS, "records": RECORDS, "shadows": SHADOWS, **parts})
    title, _, rest = section.partition("\n\n")
    before, mark, after = old.partition(f"{title}\n")
    following = after.partition("\n## ")[2]
    places = list(SECTIONS)
    if not mark:  # a section that the page does not have yet stands where it belongs
        before, following = _split_at(old, places[places.index(name) + 1 :])
    end = f"\n\n## {following}" if following else "\n"
    return f"{before.rstrip()}\n\n{title}\n\n{counted}\n\n{rest}{end}"


def _split_at(old: str, later: Sequence[str]) -> tuple[str, str]:
    for name in later:
        title = SECTIONS[name].partition("\n")[0]
        if title in old:
            before, _, after = old.partition(title)
            return before, title.removeprefix("## ") + after
    return old, ""


HEAD = """# Validity

Written by `make validate` at commit {commit} ({seconds:.0f} s); a section that names a commit of its own was counted at that one.
Faster proofs of the same kind run in every `make test` (`tests/statistical`). Bounds on epsilon of models trained with differential
privacy: [epsilon.md](epsilon.md)."""

SECTIONS = {
    "alarms": """## Nothing to find

{runs} simulated audits a line, of models that leak nothing (or, where groups or two audits are compared, the same everywhere).
Pseudo-targets come in complementary pairs and share records, of which some are easier than others. Credible intervals of epsilon
make no such promise and are not counted.

{alarms}""",
    "coverage": """## Something to find

{runs} simulated audits a line, of leaks of known size: members score one standard deviation higher (single records: a tenth of
them 1.5; names: three). Exact intervals cover in at least 94 %, approximate ones in 93 to 97 %, lower limits and simultaneous ones
in at least 95 %.

{coverage}""",
    "attributes": """## Attributes

Whole attacks on the illness (three values) of made-up people, of whom nothing else tells it. {attribute_runs} targets a line that
cannot know it: half are forests of the members that do not read the illness, half forests of other people that do
({attribute_side} members, {attribute_side} non-members, {attribute_auxiliary} auxiliary records). *The seven* are graded as
one family.

{unknowing}

Targets that do know it, {knowing_runs} a line: a table of all members, and forests grown until leaves are pure
({forest_side} members, {forest_side} non-members, {forest_side} auxiliary records).

{knowing}

{runs} simulated audits a line of guesses that lean towards the truth about members, by so much that {leaning_gain} more of them
are guessed right than by the better rival, and the score is {leaning_score}.

{leaning}""",
    "audits": """## Whole audits of models that never saw the members

{audit_runs} whole membership audits ({attacks} with {audit_shadows} shadow models; {side} members, {side}
non-members), half of logistic models, half of boosted trees, all trained on other people of the same population. Whatever such an
audit finds is a false alarm.

{audits}""",
    "small": """## Whole audits that are small, unequal or coarse

{audit_runs} audits of each kind (so many members and non-members), of targets that were trained on other people of the same
population, by two to eleven attacks with {audit_shadows} shadow models. Few records, ties and rounded answers are where limits
could fail.

{small}""",
    "realised": """## Thresholds on real models

{records:,} records of UCI Adult (CC BY 4.0), {shadows} shadow models, {targets} targets a row, each trained on a random half.
The threshold comes from pseudo-targets alone.

{realised}""",
}
