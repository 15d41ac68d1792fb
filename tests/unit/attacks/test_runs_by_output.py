"""Which attacks run follows from what the target returns; the table below is what docs/spec.md promises."""

import pytest

from auditor.attacks import registry
from auditor.domain.attack import Scope
from auditor.domain.data import Sensitive
from auditor.domain.target import Output, Profile
from auditor.domain.threat import Sees, ThreatModel

SENSITIVE = (Sensitive("sex", ("sex",), (("F",), ("M",))),)
ATTRIBUTES_FROM_LABELS = {"fredrikson-map", "yeom", "csmia", "lomia"}
COPIES_FROM_LABELS = {"surrogate", "lowd-meek", "path-finding", "ensemble-thresholds"}
MEMBERS_FROM_LABELS = {"gap", "calibrated-correctness", "noise", "boundary"}
LABELS_ARE_ENOUGH = {"class-inversion"} | MEMBERS_FROM_LABELS | ATTRIBUTES_FROM_LABELS | COPIES_FROM_LABELS
TOP_FEW_ARE_ENOUGH = {"loss-threshold", "lira", "rmia", "stacked", "proxy", "salem", "exposure"}
WANT_ALL = {
    "attribute",
    "fredrikson-confidence",
    "likelihood-ratio",
    "confidence",
    "entropy",
    "modified-entropy",
    "difficulty-calibration",
    "attack-r",
    "attack-p",
    "quantile-regression",
    "shokri",
    "property",
    "equation-solving",
    "relu-critical-points",
}
COPIES_OF_VALUES = {"surrogate", "equation-solving", "path-finding", "ensemble-thresholds", "relu-critical-points"}
ATTRIBUTES_FROM_VALUES = {"attribute", "fredrikson-map", "yeom"}
VALUES = ATTRIBUTES_FROM_VALUES | {"loss-threshold", "lira", "rmia", "stacked", "proxy", "exposure"} | COPIES_OF_VALUES
EXPECTED = {
    Output.LABELS: LABELS_ARE_ENOUGH,
    Output.TOP_K: LABELS_ARE_ENOUGH | TOP_FEW_ARE_ENOUGH,
    Output.PROBABILITIES: LABELS_ARE_ENOUGH | TOP_FEW_ARE_ENOUGH | WANT_ALL,
    Output.LOGITS: LABELS_ARE_ENOUGH | TOP_FEW_ARE_ENOUGH | WANT_ALL,
    Output.VALUE: VALUES,
}


def runs(output: Output, decimals: int | None = None) -> set[str]:
    """Which attacks an audit that offers everything else could run on such a target."""
    profile = Profile(output, () if output is Output.VALUE else ("no", "perhaps", "yes"), decimals=decimals, top=2)
    scope = Scope(profile, 1_000, 500, 16, 100_000, SENSITIVE)
    return {a.name for a in registry.BUILTIN if not registry.unmet(registry.make(a.name, {}), profile, scope)}


@pytest.mark.parametrize("output", Output)
def test_what_the_target_returns_decides_what_runs(output: Output) -> None:
    assert runs(output) == EXPECTED[output]


@pytest.mark.parametrize("output", [Output.PROBABILITIES, Output.VALUE, Output.TOP_K])
def test_rounding_rules_nothing_out(output: Output) -> None:
    assert runs(output, decimals=1) == runs(output)


@pytest.mark.parametrize("tier", registry.TIERS)
@pytest.mark.parametrize("output", Output)
def test_every_tier_tries_something_on_every_target(tier: str, output: Output) -> None:
    assert EXPECTED[output] & set(registry.TIERS[tier])


@pytest.mark.parametrize("output", [Output.TOP_K, Output.VALUE, Output.PROBABILITIES])
def test_standard_tries_the_stacked_attack_wherever_there_are_scores(output: Output) -> None:
    """An endpoint that shows the top few only must not pass because nothing better than right and wrong was tried."""
    assert "stacked" in EXPECTED[output] & set(registry.TIERS["standard"])


@pytest.mark.parametrize(
    ("output", "seen", "words"),
    [
        (Output.TOP_K, "top-k", "An adversary who sees the top few probabilities."),
        (Output.VALUE, "value", "An adversary who sees the predicted value."),
        (Output.PROBABILITIES, "probabilities", "An adversary who sees the predicted probabilities."),
        (Output.LOGITS, "probabilities", "An adversary who sees the predicted probabilities."),
    ],
)
def test_a_finding_says_what_was_seen_of_this_target(output: Output, seen: str, words: str) -> None:
    model = ThreatModel(Sees.PROBABILITIES, or_value=True, or_top_k=True)
    assert model.is_met_by(output)
    assert model.seen(output) == seen
    assert model.in_words(output) == words


@pytest.mark.parametrize("output", Output)
def test_who_needs_less_is_said_to_see_no_more(output: Output) -> None:
    model = ThreatModel(Sees.LABELS)
    assert model.seen(output) == "labels"
    assert model.in_words(output) == model.in_words() == "An adversary who sees only the predicted label."
