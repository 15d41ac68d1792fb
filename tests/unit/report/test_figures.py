from typing import Any

import pytest

from auditor.report.figures import decisive, epsilon_figures, figure_of, figures_of, flagged_words, largest_epsilons


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def epsilon(value: float | None, **more: Any) -> dict[str, Any]:
    kept = {"low": value, "confidence": 0.95, "n": 2000, "ceiling": 5.6006, "method": "clopper-pearson"}
    return {"name": "empirical_epsilon", "value": value, **(kept if value is not None else {"reason": "too few"}), **more}


def test_a_lower_limit_of_epsilon_has_its_ceiling_and_its_method() -> None:
    figure = figure_of(epsilon(2.6926))
    assert (figure.name, figure.value, figure.interval, figure.n) == ("Empirical ε", "2.69", "lower limit", "2,000")
    assert figure.note == "Clopper-Pearson, free of assumptions on the scores; n allows at most 5.60"


def test_a_credible_limit_is_not_called_a_confidence_limit() -> None:
    figure = figure_of(epsilon(1.0, method="joint-bayesian (credible)"))
    assert "credible, not a confidence limit" in figure.note


def test_a_method_without_words_of_its_own_is_named_as_it_is() -> None:
    assert figure_of(epsilon(1.0, method="two-run")).note.startswith("two-run; ")


def test_the_spread_over_pseudo_targets_stands_beside_the_estimate() -> None:
    auc = {"name": "auc", "value": 0.7, "low": 0.69, "high": 0.71, "n": 100}
    spread = {"name": "auc", "value": 0.72, "low": 0.66, "high": 0.75, "confidence": 0.9375}
    finding = {"estimates": [auc], "controls": {"pseudo_targets": {"estimates": [spread]}}}
    assert "pseudo-targets 0.660 to 0.750" in figures_of(finding)[0].note


def test_an_oracle_gets_no_spread_of_calibrated_thresholds() -> None:
    rate = {"name": "tpr@fpr=0.01", "value": 0.2, "low": 0.1, "high": 0.3, "n": 100, "threshold": "oracle"}
    spread = {"name": "tpr@fpr=0.01", "value": 0.2, "low": 0.1, "high": 0.3, "threshold": "calibrated"}
    assert figures_of({"estimates": [rate], "controls": {"pseudo_targets": {"estimates": [spread]}}})[0].note == "oracle threshold"


@pytest.mark.parametrize(
    ("prior", "sentence"),
    [
        ("0.5", "If 1 in 2 of the records in question were a member, of 100 flagged records 94 (93 to 96) would be members."),
        ("0.01", "If 1 in 100 of the records in question were a member, of 100 flagged records 94 (93 to 96) would be members."),
    ],
)
def test_what_a_flag_is_worth_is_told_in_people(prior: str, sentence: str) -> None:
    item = {"name": f"ppv@prior={prior}", "value": 0.944, "low": 0.927, "high": 0.957, "n": 9000}
    assert flagged_words({"estimates": [item]}) == (sentence,)


def test_a_share_that_could_not_be_told_is_no_sentence() -> None:
    unknown = {"name": "ppv@prior=0.1", "value": None, "reason": "no threshold"}
    other = {"name": "ppv@prior=0.2", "value": 0.5, "low": 0.4, "high": 0.6}
    assert flagged_words({"estimates": [unknown, other]}) == ()
    assert flagged_words({}) == ()


def test_of_each_method_the_largest_limit_is_chosen_with_its_attack() -> None:
    findings = [
        {"attack": "a", "estimates": [epsilon(1.0), epsilon(0.5, method="gaussian-dp")]},
        {"attack": "b", "estimates": [epsilon(2.0), epsilon(0.4, method="gaussian-dp"), epsilon(None)]},
    ]
    assert [(attack, plain(figure.value)) for attack, figure in epsilon_figures(findings)] == [("b", "2.00"), ("a", "0.50")]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("tnr@fnr=0.01", "TNR at 1 % FNR"),
        ("tpr_difference@fpr=0.001", "Difference in TPR at 0.1 % FPR"),
        ("tpr_above_blind@fpr=0.01", "TPR above the blind baseline at 1 % FPR"),
        ("auc_difference", "Difference in AUC"),
    ],
)
def test_estimates_have_names_for_people(name: str, words: str) -> None:
    figure = figure_of({"name": name, "value": 0.05, "low": 0.01, "high": 0.09, "n": 100})
    assert plain(figure.name) == words
    assert figure.value.endswith("pp") is name.startswith("tpr_")


def test_what_a_caveat_says_is_not_said_again() -> None:
    item = {"name": "ppv@prior=0.1", "value": 0.65, "low": 0.6, "high": 0.7, "n": 9000}
    caveat = (
        "Of 100 records that this attack calls members at FPR 1.0%, 94 would be members if half of all records asked about were."
    )
    assert flagged_words({"estimates": [item], "caveats": [caveat]}) == ()


def test_where_nothing_was_sampled_there_is_no_confidence_to_tell() -> None:
    figure = figure_of({"name": "ks_distance", "value": 0.05, "low": 0.05, "high": 0.05, "confidence": 1.0, "n": 900})
    assert (figure.name, figure.interval, figure.note) == ("KS distance", "", "")


def test_what_is_missing_for_one_reason_is_one_row() -> None:
    missing = [{"name": f"ppv@prior={prior}", "value": None, "reason": "too few"} for prior in ("0.5", "0.1")]
    other = {"name": "ppv@prior=0.01", "value": None, "reason": "no threshold"}
    auc = {"name": "auc", "value": 0.6, "low": 0.5, "high": 0.7, "n": 100}
    names = [plain(figure.name) for figure in figures_of({"estimates": [auc, *missing, other]})]
    assert names == ["AUC", "PPV at a prior of 50 %, PPV at a prior of 10 %", "PPV at a prior of 1 %"]


def test_limits_that_hold_over_all_attacks_are_what_is_compared() -> None:
    findings = [
        {"attack": "a", "estimates": [epsilon(3.0, low_simultaneous=1.0)]},
        {"attack": "b", "estimates": [epsilon(2.0, low_simultaneous=1.5)]},
    ]
    assert [(attack, item["value"]) for attack, item in largest_epsilons(findings)] == [("b", 2.0)]
    assert decisive(findings[0]["estimates"][0]) == 1.0
    assert decisive(epsilon(3.0)) == 3.0
