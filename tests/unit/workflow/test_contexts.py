"""An attack gets what its threat model grants, and nothing else."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from auditor.attacks.stealing.no_query import NoQuerySurrogate
from auditor.attacks.stealing.surrogate import Surrogate
from auditor.domain.attack import Attack, Context
from auditor.errors import AttackFailed
from auditor.testing import small_world
from auditor.workflow.contexts import context_for


def halves(frame: pd.DataFrame) -> NDArray[np.float64]:
    return np.full((len(frame), 2), 0.5)


def context(attack: Attack, **grants: Any) -> Context:
    world = small_world()
    return context_for(attack, world.data, world.profile, halves, lambda fraction: None, {"seed": 1} | grants)


def test_a_door_that_asks_anew_is_passed_on() -> None:
    made = context(Surrogate(), fresh=lambda frame: np.zeros((len(frame), 2)))
    assert made.fresh is not None
    assert made.fresh(made.candidates.features.head(3)).tolist() == [[0.0, 0.0]] * 3


def test_where_nothing_is_recorded_asking_anew_is_asking() -> None:
    assert context(Surrogate()).fresh is halves


def test_who_sees_nothing_can_ask_by_no_door() -> None:
    made = context(NoQuerySurrogate(), fresh=halves, parameters=object())
    assert made.fresh is None
    with pytest.raises(AttackFailed, match="may not ask"):
        made.query(made.candidates.features)


def test_parameters_are_for_those_who_see_them() -> None:
    assert context(Surrogate(), parameters=object()).parameters is None
