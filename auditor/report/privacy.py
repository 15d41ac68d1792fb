"""What an audit says of a claimed epsilon, and the lower limits of the privacy loss that it rests on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from auditor.report.figures import EPSILONS, Figure, epsilon_figures
from auditor.report.weight import voids_epsilon
from auditor.report.words import control, listed

Document = Mapping[str, Any]

VIOLATED = "violated"
HIGHER = "higher than claimed"
EXCHANGEABLE = (
    "Nobody drew the members by coin flips, so these figures assume that members and non-members could have changed places. "
    "They are estimates and refute no claim by themselves."
)
COINS = (
    "Canaries were put into the training data by independent coin flips, so nothing is assumed about how members and non-members "
    "were chosen."
)


@dataclass(frozen=True)
class Privacy:
    """`outcome` colours the verdict; `figures` are (attack, lower limit of epsilon)."""

    claim: str
    verdict: str
    outcome: str
    sentence: str
    premise: str
    figures: tuple[tuple[str, Figure], ...]


def privacy_of(result: Document) -> Privacy | None:
    """None where nothing was claimed and no epsilon was measured."""
    block, figures = result.get("privacy") or {}, epsilon_figures(result.get("findings", ()))
    voided = _voided(result)
    if not block and not figures and not voided:
        return None
    verdict = str(block.get("verdict") or "")
    return Privacy(
        claim=_claim(block.get("claimed")),
        verdict=verdict[:1].upper() + verdict[1:],
        outcome=_outcome(verdict),
        sentence=str(block.get("sentence") or ""),
        premise=" ".join(filter(None, (_premise(result), voided))),
        figures=figures,
    )


def _premise(result: Document) -> str:
    """By who decided which records were trained on; where the result does not say, by what was measured."""
    names = {e["name"] for f in result.get("findings", ()) for e in f.get("estimates", ())}
    design = (result.get("privacy") or {}).get("design")
    if design == "coin flips" or (design is None and "epsilon_lower_bound" in names):
        return COINS
    return EXCHANGEABLE if design == "split" or "empirical_epsilon" in names else ""


def _voided(result: Document) -> str:
    """Whose figures are left out, and for which failed checks."""
    findings = [f for f in result.get("findings", ()) if voids_epsilon(f) and any(map(_is_epsilon, f.get("estimates", ())))]
    if not findings:
        return ""
    checks = dict.fromkeys(control(name) for f in findings for name in voids_epsilon(f))
    attacks = listed(list(dict.fromkeys(str(f["attack"]) for f in findings)))
    return f"Epsilon from {attacks} does not hold and is left out: a check failed ({listed(list(checks))})."


def _is_epsilon(item: Document) -> bool:
    return item["name"] in EPSILONS and item.get("value") is not None


def _claim(claimed: Document | None) -> str:
    if not claimed:
        return ""
    delta = claimed.get("delta")
    return f"ε = {claimed['epsilon']:g}" + ("" if delta is None else f", δ = {_short(delta)}")


def _short(value: float) -> str:
    """1e-5, not 1e-05."""
    digits, e, power = f"{value:g}".partition("e")
    return f"{digits}e{int(power)}" if e else digits


def _outcome(verdict: str) -> str:
    if verdict.startswith(VIOLATED):
        return "breach"
    return "inconclusive" if verdict.startswith(HIGHER) else "none"
