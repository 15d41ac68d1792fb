"""What else a result says, one line a part: epsilon, single records, subgroups, what a flag is worth, cost, triage."""

from collections.abc import Mapping
from typing import Any

from auditor.report import numbers
from auditor.report.costs import cost_of
from auditor.report.figures import PPV, decisive, flagged_words, largest_epsilons
from auditor.report.privacy import privacy_of
from auditor.report.triage import triage_of
from auditor.report.weight import by_family, failed_checks
from auditor.report.words import METHODS, listed, named

Document = Mapping[str, Any]
CREDIBLE = "credible"
MORE = "More exposed"
LIKELY_PRIOR = f"{PPV}0.1"


def told(result: Document) -> list[tuple[str, str]]:
    """(part, sentence) for each part that the result has."""
    parts = (
        ("Checks failed", _failed(result)),
        ("Privacy loss", _privacy(result)),
        ("A flag is worth", _flag(result)),
        ("Single records", _exposed(result)),
        ("Found more easily", _groups(result)),
        ("Configuration", _triage(result)),
        ("Identical answers", _structure(result)),
        ("Cost", _cost(result)),
    )
    return [(name, sentence) for name, sentence in parts if sentence]


def _failed(result: Document) -> str:
    """What made findings inconclusive whatever their figures; what holds for several attacks once, and with whom it is about."""
    blind = (result.get("data") or {}).get("blind_baseline") or {}
    about: dict[str, list[str]] = {str(blind["sentence"]): []} if blind.get("passed") is False else {}
    for finding in result["findings"]:
        for check in (finding.get("controls") or {}).values():
            if check and check.get("passed") is False:
                about.setdefault(str(check["sentence"]), []).append(named(finding))
    return " ".join(f"{sentence} ({listed(attacks)})" if attacks else sentence for sentence, attacks in about.items())


def _privacy(result: Document) -> str:
    """The answer to a claim; without one, the lower limits that a claim would be held against."""
    privacy = privacy_of(result)
    if privacy is None:
        return ""
    if privacy.verdict:
        return f"{privacy.verdict}. {privacy.sentence} {privacy.premise}".strip()
    limits = [
        f"{numbers.figure(item['name'], decisive(item))} by {attack} ({METHODS.get(item['method'], item['method'])})"
        for attack, item in largest_epsilons(result["findings"])
        if CREDIBLE not in item["method"]
    ]
    told_limits = f"Over all attacks, epsilon is at least {', or '.join(limits)}." if limits else ""
    return f"{told_limits} {privacy.premise}".strip()


def _strongest(result: Document) -> Document:
    """The headline finding on membership; empty where there is none."""
    found = by_family(result).get("membership", [])
    return found[0] if found else {}


def _flag(result: Document) -> str:
    finding = _strongest(result)
    if failed_checks(finding):
        return ""
    likely = [e for e in finding.get("estimates", ()) if e["name"] == LIKELY_PRIOR]
    return " ".join(flagged_words({"estimates": likely}))


def _exposed(result: Document) -> str:
    """From the attack that was chosen for it; where several tell, from the strongest. Not where a check of it failed."""
    return next((str(f["exposure"].get("sentence", "")) for f in _holding(result) if f.get("exposure")), "")


def _holding(result: Document) -> list[Document]:
    """The findings on membership that no failed check speaks against."""
    return [f for f in by_family(result).get("membership", ()) if not failed_checks(f)]


def _groups(result: Document) -> str:
    """The groups whose lower limit of the difference is above zero, where that shows more than high scores of everybody in it."""
    groups: list[Document] = next((f["subgroups"] for f in _holding(result) if f.get("subgroups")), [])
    exposed = [g for g in groups if str(g.get("sentence") or MORE).startswith(MORE)]
    differing = [(g["difference"]["value"], g) for g in exposed if ((g.get("difference") or {}).get("low") or 0) > 0]
    names = [f"{g['attribute']}: {g['value']}" for _, g in sorted(differing, key=lambda pair: -pair[0])]
    if names:
        return f"{listed(names)} (of {len(groups)} groups)"
    if any(g.get("difference") for g in groups):
        return f"none of {len(groups)} groups, as far as can be told"
    return f"none of {len(groups)} groups is large enough to tell" if groups else ""


def _triage(result: Document) -> str:
    triage = triage_of(result.get("triage"))
    return "" if triage is None or not triage.risk else " ".join(filter(None, (f"{triage.risk}.", triage.sentence)))


def _structure(result: Document) -> str:
    triage = triage_of(result.get("triage"))
    return "" if triage is None or triage.structure is None else " ".join(triage.structure.sentences)


def _cost(result: Document) -> str:
    cost = cost_of(result.get("cost"))
    if cost is None:
        return ""
    return "; ".join(
        f"{r.name.lower()} {r.actual or '–'}" + (f" (estimated {r.estimated})" if r.estimated else "") for r in cost.rows
    )
