"""What an audit says, in sentences. A report says "no evidence above X at confidence Y with attacks Z", never more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from auditor.report.not_run import shortfall
from auditor.report.numbers import at_least, at_most, percent, score, span
from auditor.report.plainly import plainly
from auditor.report.undecided import undecided_words
from auditor.report.weight import by_family, set_aside
from auditor.report.words import ABILITIES, FURTHER_QUESTIONS, QUESTIONS, listed, named

Document = Mapping[str, Any]
CHECKED = "disclosures"
SHADOWS_DIFFER = "The shadow models do not answer like the target"
"""How a caveat of `auditor.scoring.mismatch` begins."""


@dataclass(frozen=True)
class Verdict:
    """`outcome` is that of the audit, or its status where it did not complete.

    `premises` are the threat models, said before any number.
    """

    outcome: str
    headline: str
    sentences: tuple[str, ...]
    premises: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """One of the questions: `short` is the outcome in two or three words, `words` the sentence beneath it."""

    family: str
    question: str
    outcome: str
    short: str
    words: str


def verdict_of(result: Document) -> Verdict:
    """The first thing a reader sees."""
    audit = result["audit"]
    if audit.get("status", "completed") != "completed":
        return _unfinished(audit)
    findings = result.get("findings", ())
    by_outcome = {"breach": _breach, "pass": _pass}
    return by_outcome.get(audit.get("outcome"), _inconclusive)(result, findings)


def answers_of(result: Document) -> tuple[Answer, ...]:
    """One answer for each of the three questions, also for those that were not asked, and for what else was found."""
    families = [*QUESTIONS, *sorted({f["family"] for f in result.get("findings", ())} - set(QUESTIONS))]
    return tuple(_answer(family, result) for family in families)


def no_evidence(findings: Sequence[Document]) -> str:
    """The one sentence a passed family may claim; of checks, where nothing was drawn by chance, without a confidence."""
    sampled = [f for f in findings if f.get("kind") != CHECKED]
    checked = [f for f in findings if f.get("kind") == CHECKED]
    return " ".join((*([_no_sampled(sampled)] if sampled else []), *map(_none_found, checked)))


def _none_found(finding: Document) -> str:
    count, above = len(finding.get("checks") or ()), at_most(finding["score_high"])
    return f"{finding['attack']} made {count} checks and found nothing above score {above} of 100."


def _no_sampled(findings: Sequence[Document]) -> str:
    above = at_most(max(f["score_high"] for f in findings))
    sure = percent(max((e["confidence"] for f in findings for e in f["estimates"] if e.get("confidence")), default=0.95))
    attacks = list(dict.fromkeys(f["attack"] for f in findings))
    word = "attack" if len(attacks) == 1 else "attacks"
    return f"No evidence above score {above} of 100, at {sure} confidence, with {word} {listed(attacks)}."


def _unfinished(audit: Document) -> Verdict:
    status = audit["status"]
    headline = {
        "failed": "The audit failed, so it says nothing about the model",
        "cancelled": "The audit was cancelled, so it says nothing about the model",
    }.get(status, "The audit is still running")
    reason = audit.get("reason")
    return Verdict(status, headline, (reason,) if reason else ())


def _breach(result: Document, findings: Sequence[Document]) -> Verdict:
    broken = sorted((f for f in findings if f["outcome"] == "breach"), key=lambda f: -f["score_low"])
    if not broken:
        return Verdict("breach", "A policy level was breached", tuple(shortfall(result)))
    leading = {f["family"]: f for f in reversed(broken)}
    families = [*(name for name in QUESTIONS if name in leading), *sorted(set(leading) - set(QUESTIONS))]
    headline = f"An adversary can {listed([_ability(name) for name in families])}"
    premises = tuple(_premise(leading[name], len(families)) for name in families)
    scores = _scores([leading[name] for name in families], result)
    return Verdict("breach", headline, (scores, *shortfall(result)), premises)


def _ability(family: str) -> str:
    return ABILITIES.get(family, f"succeed with {family}")


def _premise(finding: Document, families: int) -> str:
    """Who the adversary is; with several families, for which of them."""
    threat = threat_of(finding)
    ability = _ability(finding["family"])
    return threat if families == 1 else f"To {ability}: {threat[:1].lower()}{threat[1:]}"


def _scores(leading: Sequence[Document], result: Document) -> str:
    """What was shown most firmly in each family, beside the level that it reaches."""
    levels = list(dict.fromkeys(level_of(result, f["family"]) for f in leading))
    shared = levels[0] if len(levels) == 1 else None
    told = listed([_scored(f, None if len(levels) == 1 else level_of(result, f["family"])) for f in leading])
    over = "" if shared is None else f"; the policy's level is {shared:.0f}"
    return f"Scores of 100, with intervals: {told}{over}."


def _scored(finding: Document, level: float | None) -> str:
    over = "" if level is None else f", level {level:.0f}"
    return f"{named(finding)} {score(finding['score'])} ({span(finding['score_low'], finding['score_high'])}{over})"


def _pass(result: Document, findings: Sequence[Document]) -> Verdict:
    passed = [f for f in findings if f["outcome"] == "pass" and f.get("score_high") is not None]
    headline = "No evidence of leakage at the policy's level"
    if not passed:
        return Verdict("pass", headline, tuple(shortfall(result)))
    nearest = max(passed, key=lambda f: (f.get("kind") != CHECKED, f["score_high"]))
    threat = threat_of(nearest)
    premise = f"Closest to the level came {named(nearest)}: {threat[:1].lower()}{threat[1:]}"
    return Verdict("pass", headline, (no_evidence(passed), *_doubts(passed), *_untried(findings), *shortfall(result)), (premise,))


def _doubts(passed: Sequence[Document]) -> list[str]:
    """What may have kept an attack from finding more, once: shadow models that are of another kind than the target."""
    told = (str(caveat) for finding in passed for caveat in finding.get("caveats", ()))
    return next(([caveat] for caveat in told if caveat.startswith(SHADOWS_DIFFER)), [])


def _untried(findings: Sequence[Document]) -> list[str]:
    """A pass is of the questions that were asked."""
    asked = {f["family"] for f in findings}
    missing = [_ability(family) for family in QUESTIONS if family not in asked]
    return [f"It was not tried whether someone can {' or '.join(missing)}."] if missing else []


def _inconclusive(result: Document, findings: Sequence[Document]) -> Verdict:
    if not findings:
        return Verdict("inconclusive", "Nothing could be measured", ("No attack could run on this target; the reasons are below.",))
    first = _left_open(result)
    return Verdict(
        "inconclusive", "This audit cannot tell", (first[:1].upper() + first[1:] + " That is not a pass.", *shortfall(result))
    )


def _left_open(result: Document) -> str:
    """What leaves which attacks open or, where all of them settled it, which question no attack could ask."""
    families = by_family(result)
    open_ones = {name: [f for f in found if f not in set_aside(found)] for name, found in families.items()}
    reasons = " ".join(filter(None, (undecided_words(found, level_of(result, name)) for name, found in open_ones.items())))
    if reasons:
        return reasons
    missing = dict.fromkeys(n["family"] for n in result.get("not_run", ()) if n.get("family") and n["family"] not in families)
    if not missing:
        return "A requested question was left open."
    return f"No attack could run that would show whether someone can {' or '.join(map(_ability, missing))}."


def threat_of(finding: Document) -> str:
    """The threat model in plain words; its terms where the result has no sentence."""
    model = finding.get("threat_model") or {}
    if model.get("words"):
        return str(model["words"])
    knows = ", ".join(str(k).replace("_", " ") for k in model.get("knows", ()))
    return f"An adversary who sees {model.get('sees', 'the answers')}" + (f" and knows {knows}." if knows else ".")


def level_of(result: Document, family: str) -> float | None:
    """The policy's level for a family, if the result tells it."""
    policy = result.get("method", {}).get("policy") or {}
    level: float | None = policy.get("levels", {}).get(family)
    return level


def _answer(family: str, result: Document) -> Answer:
    question = (QUESTIONS | FURTHER_QUESTIONS).get(family, f"Does the {family} test find anything?")
    findings = [f for f in result.get("findings", ()) if f["family"] == family]
    outcome, short, words = (
        _settle(findings, level_of(result, family)) if findings else ("none", "Not tried", _why_not(family, result))
    )
    return Answer(family, question, outcome, short, words)


def _settle(findings: Sequence[Document], level: float | None) -> tuple[str, str, str]:
    """Outcome, two words and a sentence for the findings of one family."""
    aside = set_aside(findings)
    findings = [f for f in findings if f not in aside]
    breached = [f for f in findings if f["outcome"] == "breach"]
    if breached:
        worst = max(breached, key=lambda f: f["score_low"])
        scored = f"{named(worst)} scores at least {at_least(worst['score_low'])} of 100 ({worst['severity']})."
        return "breach", "Yes", f"The attack {scored} {plainly(worst)}".strip()
    if all(f["outcome"] == "reported" for f in findings):
        worst = max(findings, key=lambda f: f["score_low"] or 0)
        interval = span(worst["score_low"], worst["score_high"])
        words = f"{named(worst)} scores {score(worst['score'])} of 100 (interval {interval}). The policy sets no level."
        return "reported", "Reported", words
    if any(f["outcome"] == "inconclusive" for f in findings):
        return "inconclusive", "Cannot tell", f"{undecided_words(findings, level)} That is not a pass."
    blind = f" {listed([f['attack'] for f in aside])} saw nothing of a target that remembers, and was set aside." if aside else ""
    return "pass", "Not shown", no_evidence([f for f in findings if f["outcome"] == "pass"]) + blind


def _why_not(family: str, result: Document) -> str:
    reasons = [n["reason"] for n in result.get("not_run", ()) if n.get("family") == family]
    if result["audit"].get("status", "completed") != "completed":
        return "The audit did not complete."
    return _sentence(reasons[0]) if reasons else "No attack of this kind was part of the audit."


def _sentence(words: str) -> str:
    whole = words[:1].upper() + words[1:]
    return whole if whole.endswith(".") else whole + "."
