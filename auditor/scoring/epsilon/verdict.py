"""How a claimed epsilon is answered, and what must be said beside every figure."""

from collections.abc import Sequence

from auditor.domain.finding import Estimate
from auditor.scoring.epsilon import coin_flips, split_audit

VIOLATED = "violated at 95 %"
HIGHER = "higher than claimed under the stated assumption"
NOT_REFUTED = "not refuted"
IN_WORDS = {
    split_audit.CLOPPER_PEARSON: "by Clopper-Pearson limits",
    split_audit.GAUSSIAN: "by a Gaussian trade-off",
    coin_flips.ONE_RUN: "by the guesses of one training run",
    coin_flips.F_DP: "by the guesses of one training run under a Gaussian trade-off",
}
FOR_ANY_MECHANISM = (split_audit.CLOPPER_PEARSON, coin_flips.ONE_RUN)
ASSUMES = {
    split_audit.CLOPPER_PEARSON: "assumes exchangeable inclusion",
    split_audit.GAUSSIAN: "assumes exchangeable inclusion and Gaussian noise",
    coin_flips.ONE_RUN: "",
    coin_flips.F_DP: "assumes Gaussian noise",
}


def answer(estimates: Sequence[Estimate], claimed: float, delta: float, is_canary: bool) -> tuple[str, str]:
    """(verdict, sentence) on the claim that the training keeps (`claimed`, `delta`).

    `estimates`: of all attacks together. Credible ones decide nothing; of the others `low_simultaneous` decides, which shares
    the error over methods, attacks and looks, so that all verdicts together are wrong in at most 5 % of audits. Only coin-flip
    canaries, by a method without assumptions on the mechanism, can say "violated".
    """
    name = coin_flips.NAME if is_canary else split_audit.NAME
    found = [e for e in estimates if e.name == name and e.method in ASSUMES and e.value is not None]
    claim = f"The training is claimed to keep epsilon {claimed:.2f} at delta {_short(delta)}"
    if not found:
        return NOT_REFUTED, f"{claim}; {_nothing(estimates)}, so the claim is not refuted."
    best = max(found, key=lambda e: (_decides(e) > claimed, e.method in FOR_ANY_MECHANISM, _decides(e)))
    if _decides(best) <= claimed:
        return NOT_REFUTED, f"{claim}; the audit shows at least {_told(best)}. {_reach(best, claimed)}"
    verdict = VIOLATED if best.method == coin_flips.ONE_RUN and best.confidence >= 0.95 else HIGHER
    return verdict, f"{claim}; the audit shows at least {_told(best)}{_weaker(best, found, claimed)}. {_reach(best, claimed)}"


def caveats(is_canary: bool) -> tuple[str, ...]:
    """What stands above the figures."""
    if is_canary:
        return (
            "Epsilon from canaries is a lower bound at the stated confidence, provided each canary was put in or left out by the "
            "coin alone; the f-DP figure assumes Gaussian noise in addition.",
        )
    return (
        "Epsilon from a random split is empirical: it assumes exchangeable inclusion, and the Gaussian figure assumes Gaussian "
        "noise too. Only coin-flip canaries give a lower bound without assumptions.",
    )


def _decides(estimate: Estimate) -> float:
    shared = estimate.low_simultaneous
    return float(shared if shared is not None else estimate.low or 0.0)


def _weaker(best: Estimate, found: Sequence[Estimate], claimed: float) -> str:
    """What is left without the assumption on the noise, where the answer rests on it."""
    without = [_decides(e) for e in found if e.method in FOR_ANY_MECHANISM]
    if best.method in FOR_ANY_MECHANISM or not without:
        return ""
    return f"; without assuming Gaussian noise it shows at least {max(without):.2f}, which is within the claim of {claimed:.2f}"


def _short(delta: float) -> str:
    """1e-5, not 1e-05."""
    digits, e, power = f"{delta:g}".partition("e")
    return f"{digits}e{int(power)}" if e else digits


def _told(estimate: Estimate) -> str:
    method = estimate.method or ""
    sure = f"{100 * estimate.confidence:g} % over all attacks and methods"
    return f"{_decides(estimate):.2f} ({'; '.join(filter(None, (f'{IN_WORDS[method]}, {sure}', ASSUMES[method])))})"


def _reach(estimate: Estimate, claimed: float) -> str:
    ceiling = estimate.ceiling or 0.0
    shared = estimate.low_simultaneous is not None and estimate.low_simultaneous != estimate.low
    sentence = f"{estimate.n:,} records can show at most {ceiling:.2f}{' to one attack alone' if shared else ''}"
    return f"{sentence}, so a claim of {claimed:.2f} could not have been refuted." if ceiling <= claimed else f"{sentence}."


def _nothing(estimates: Sequence[Estimate]) -> str:
    reason = next((e.reason for e in estimates if e.reason), None)
    return f"epsilon could not be measured ({reason})" if reason else "no attack measured epsilon"
