"""The model that is audited: one that remembers, or one that generalises."""

from dataclasses import dataclass

import pandas as pd

from auditor.demo import adult
from auditor.domain.learner import Learner
from auditor.learners import Model, build

SEED = 20


@dataclass(frozen=True)
class Story:
    """`policy`: stealing is reported but decides nothing for the safe model, since any linear model can be copied. That
    a model passes takes more records than that another one fails: `members` and `non_members` of each."""

    title: str
    learner: Learner
    policy: str
    members: int = adult.MEMBERS
    non_members: int = adult.NON_MEMBERS


LEAKY = Story("income-xgboost", Learner("xgboost", {"n_estimators": 200, "max_depth": 8, "learning_rate": 0.3}), "default")
SAFE = Story("income-logistic", Learner("logistic-regression", {"C": 0.001, "max_iter": 1000}), "people", 10_000, 10_000)


def train(story: Story, members: pd.DataFrame) -> Model:
    """A fitted model that answers (n, 2) probabilities in the order of `adult.CLASSES`."""
    features = members.drop(columns=[adult.LABEL])
    return build(story.learner, adult.columns(), SEED).fit(features, adult.labels(members))
