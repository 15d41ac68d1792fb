"""The field's terms in plain words. Words never claim more than was measured: nothing is "anonymous", nothing "compliant"."""

from collections.abc import Mapping
from typing import Any

from auditor.report.numbers import percent

QUESTIONS = {
    "membership": "Can someone tell whether a person's record was in the training data?",
    "inversion": "Can someone recover a person's values?",
    "stealing": "Can someone copy the model?",
}

FURTHER_QUESTIONS = {"supply-chain": "Is there something in the model's file that should not be there?"}

ABILITIES = {
    "membership": "tell who was in the training data",
    "inversion": "recover people's values",
    "stealing": "copy the model",
    "supply-chain": "tamper with the model's file",
}

FAMILIES = {
    "membership": "Membership",
    "inversion": "Recovered values",
    "stealing": "Stolen copies",
    "supply-chain": "The model's file",
}

OUTCOMES = {"breach": "Breach", "pass": "Pass", "inconclusive": "Inconclusive", "reported": "Reported"}

STATUSES = {"running": "Running", "completed": "Completed", "failed": "Failed", "cancelled": "Cancelled"}

SEVERITIES = ("none", "low", "moderate", "high", "critical")

SEVERITY_LIMITS = {"none": 0.0, "low": 5.0, "moderate": 25.0, "high": 50.0, "critical": 75.0}

ESTIMATES = {
    "auc": "AUC",
    "advantage": "Advantage",
    "empirical_epsilon": "Empirical ε",
    "epsilon_lower_bound": "Lower bound of ε",
    "accuracy": "Accuracy of the guesses",
    "accuracy_non_members": "Accuracy on non-members",
    "accuracy@case=1": "Accuracy where one value alone fits",
    "accuracy_non_members@case=1": "The same on non-members (one value fits)",
    "accuracy@case=2": "Accuracy where several values fit",
    "accuracy_non_members@case=2": "The same on non-members (several values fit)",
    "accuracy@case=3": "Accuracy where no value fits",
    "accuracy_non_members@case=3": "The same on non-members (no value fits)",
    "baseline_accuracy": "Accuracy without the model",
    "accuracy_difference": "Difference in accuracy",
    "accuracy_advantage": "Gain in accuracy that training gave",
    "precision@k": "Right among the k surest guesses",
    "precision@k_non_members": "The same on non-members",
    "precision@k_imputation": "The same without the model",
    "advantage_over_imputation": "Gain among the k surest that training gave",
    "within_tolerance": "Members guessed closely",
    "within_tolerance_non_members": "Non-members guessed closely",
    "within_tolerance_imputation": "Members guessed closely without the model",
    "rmse_ratio": "Squared error over that without the model",
    "mae_ratio": "Absolute error over that without the model",
    "rmse_ratio_non_members": "The same squared error on non-members",
    "mae_ratio_non_members": "The same absolute error on non-members",
    "distributional_advantage": "Gain on non-members over guessing without the model",
    "fidelity": "Fidelity of the copy",
    "baseline_fidelity": "Fidelity of a copy that asked nothing",
    "fidelity_uniform": "Fidelity on uniform points",
    "parameter_error": "Error of the parameters",
    "reconstruction_error": "Error of the reconstruction",
    "reconstruction_error_random": "Error of random records",
    "reconstruction_error_non_members": "Error of the reconstruction on non-members",
    "reconstruction_error_guess": "Error of the guess without the model",
    "rebuilt_exactly": "Members rebuilt exactly",
    "rebuilt_within@0.01": "Rebuilt to within 1 % of each range",
    "rebuilt_within@1e-06": "Rebuilt to within a millionth of each range",
    "solved_share": "Records that follow from the parameters",
    "gradient_left": "Share of one record left unexplained",
    "boxed_share": "Members alone in a narrow box",
    "boxed_share_non_members": "Non-members who would be taken for one",
    "property_accuracy": "Held-out models placed right",
    "property_share": "Members with the property",
    "n_leaked": "Records leaked",
    "exposure": "Exposure in bits",
    "exposure_p_value": "Chance of as many bits without memory",
    "memorised_share": "Canaries remembered",
    "queries": "Queries",
    "queries_to@0.9": "Queries to a fidelity of 90 %",
    "queries_to@0.95": "Queries to a fidelity of 95 %",
    "queries_to@0.99": "Queries to a fidelity of 99 %",
    "copy_accuracy": "Accuracy of the copy",
    "target_accuracy": "Accuracy of the model",
    "probability_distance": "Distance of the copied probabilities",
    "log_odds_r2": "Variance of the log-odds that the copy explains",
    "stolen_auc": "AUC of membership from the copy, offline",
    "direct_auc": "AUC of membership from the endpoint's loss",
    "price": "Price",
    "improvement_over_guess": "Improvement over the guess without the model",
    "mean_distance": "Distance to the mean of the members",
    "mean_distance_guess": "The same of the guess without the model",
    "mean_distance_between_classes": "The same between two classes",
    "nearer_to_members": "Nearest known record is a member",
    "evaluator_accuracy": "Taken for its class by another model",
    "recognised_share": "Taken for its class by the model itself",
    "auc_difference": "Difference in AUC",
    "ks_distance": "KS distance",
}

METHODS = {
    "clopper-pearson": "Clopper-Pearson, free of assumptions on the scores",
    "gaussian-dp": "Gaussian trade-off assumed",
    "jeffreys (credible)": "Jeffreys: credible, not a confidence limit",
    "joint-bayesian (credible)": "joint Bayesian: credible, not a confidence limit",
    "one-run": "one training run, free of assumptions on the mechanism",
    "one-run f-dp (gaussian)": "one training run, Gaussian trade-off assumed",
}

MEANINGS = {
    "auc": "0.5 is guessing, 1 is certainty",
    "advantage": "0 is guessing, 1 is certainty",
    "accuracy_advantage": "0 is no better than guessing, or than on people it was not trained on",
    "advantage_over_imputation": "0 is no better than guessing, or than on people it was not trained on",
    "fidelity": "how often the copy answers as the model does",
}

CONTROLS = {
    "negative": "Negative control",
    "lookup_twin": "Lookup twin",
    "pseudo_targets": "Expectation for this learner",
    "blind_baseline": "Blind baseline",
    "known_target": "Known target",
    "noise_target": "Noise target",
    "all_records": "All training records",
    "shadow_match": "Shadow match",
    "random_answers": "Random answers",
    "inverted_answers": "Inverted answers",
}

LIMITATIONS = (
    "The figures are lower limits of what an adversary can do: another attack, or one with more knowledge, may find more.",
    "They hold for the target as it answered during this audit and for the records given; a retrained model is a new target.",
    "Intervals cover the choice of records for this model. They do not cover the chance in training it again.",
    "A pass says that no evidence was found above a level with these attacks. It does not say that nothing can be obtained.",
)


def estimate(name: str) -> str:
    """The name of an estimate for a table: `tpr@fpr=0.001` -> TPR at 0.1 % FPR."""
    if name.startswith("tpr@fpr="):
        return f"TPR at {percent(float(name.removeprefix('tpr@fpr=')))} FPR"
    if name.startswith("tnr@fnr="):
        return f"TNR at {percent(float(name.removeprefix('tnr@fnr=')))} FNR"
    if name.startswith("tpr_difference@fpr="):
        return f"Difference in TPR at {percent(float(name.removeprefix('tpr_difference@fpr=')))} FPR"
    if name.startswith("tpr_above_blind@fpr="):
        return f"TPR above the blind baseline at {percent(float(name.removeprefix('tpr_above_blind@fpr=')))} FPR"
    if name.startswith("ppv@prior="):
        return f"PPV at a prior of {percent(float(name.removeprefix('ppv@prior=')))}"
    return ESTIMATES.get(name) or _spelled(name)


def named(finding: Mapping[str, Any]) -> str:
    """The attack, and the attribute that it is after."""
    sensitive = (finding.get("parameters") or {}).get("sensitive")
    return f"{finding['attack']}: {sensitive}" if sensitive else str(finding["attack"])


def control(name: str) -> str:
    return CONTROLS.get(name) or _spelled(name)


def _spelled(name: str) -> str:
    return name[:1].upper() + name[1:].replace("_", " ")


def severity_of(score: float) -> str:
    """The level of a score on the scale none < 5 <= low < 25 <= moderate < 50 <= high < 75 <= critical."""
    return [name for name in SEVERITIES if score >= SEVERITY_LIMITS[name]][-1]


def listed(names: list[str]) -> str:
    """a, b and c"""
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1] if names else ""


def plural(count: int, word: str) -> str:
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"
