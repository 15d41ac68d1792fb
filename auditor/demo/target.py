"""The model that is audited: one that remembers, or one that generalises."""

from dataclasses import dataclass

import pandas as pd

from auditor.demo import adult
from auditor.domain.learner import Learner
from auditor.learners import Model, build

SEED = 20


@dataclass(frozen=True)
class Story:
    """`policy`: stealing is reported but decides nothing for the safe model, since any linear model can be copied."""

    title: str
    learner: Learner
    policy: str


LEAKY = Story("income-xgboost", Learner("xgboost", {"n_estimators": 200, "max_depth": 8, "learning_rate": 0.3}), "default")
SAFE = Story("income-logistic", Learner("logistic-regression", {"C": 0.003, "max_iter": 1000}), "people")


def train(story: Story, members: pd.DataFrame) -> Model:
    """A fitted model that answers (n, 2) probabilities in the order of `adult.CLASSES`."""
    features = members.drop(columns=[adult.LABEL])
    return build(story.learner, adult.columns(), SEED).fit(features, adult.labels(members))
