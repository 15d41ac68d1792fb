"""UCI Adult, as the product ships it: a default forest remembers an attribute of people where boosted trees of the same people do
not. `python -m benchmarks attribute` measures the same on more people."""

from auditor.domain.learner import Learner
from benchmarks.attribute import BOOSTED, FOREST, SEED, Row, attacked, measured, trial

Figures = dict[str, tuple[float, float, float]]


def figures_of(learner: Learner) -> tuple[Figures, float]:
    """Value and limits of each figure about the occupation of 300 members and 300 others; lower limit of the score."""
    found = trial(Row("uci part", "occupation", learner), SEED)
    told = measured((*attacked(found, "attribute"), found.truth))
    return {name: tuple(limits[:3]) for name, limits in told["estimates"].items()}, told["score"][1]


def test_a_default_forest_remembers_occupations() -> None:
    """Far more of the members are guessed right than of others, and more than without the model."""
    told, demonstrated = figures_of(FOREST)
    assert told["accuracy"][1] > told["accuracy_non_members"][2]
    assert told["accuracy"][0] > told["baseline_accuracy"][0] + 0.05
    assert told["accuracy_advantage"][1] > 0
    assert demonstrated > 0


def test_boosted_trees_of_the_same_people_do_not() -> None:
    told, demonstrated = figures_of(BOOSTED)
    assert told["accuracy_advantage"][1] < 0
    assert told["advantage_over_imputation"][1] < 0
    assert demonstrated == 0.0
