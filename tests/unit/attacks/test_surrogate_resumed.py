"""An adaptive attack that is stopped half-way, or run again where the target is gone, asks nothing twice."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from inversion_world import PROFILE, Recorded, World, constant

from auditor.attacks.record_keys import record_keys
from auditor.attacks.stealing.surrogate import Surrogate
from auditor.attacks.stealing.twin import known_target
from auditor.domain.attack import Query
from auditor.errors import Cancelled
from auditor.querying import EstimatorTransport, MemoryLedger, QueryClient


class Server:
    """Counts the rows that reach it."""

    def __init__(self, answers: Query) -> None:
        self.answers, self.rows, self.patience = answers, 0, 10**9

    def __call__(self, frame: pd.DataFrame) -> np.ndarray:
        if self.rows >= self.patience:
            raise Cancelled("stop")
        self.rows += len(frame)
        return self.answers(frame)


def rule(world: World) -> Query:
    return known_target(world.data.auxiliary, world.stealing(constant).columns, 2, seed=5)


def test_what_was_asked_before_the_stop_is_not_asked_again() -> None:
    world = World()
    server, ledger, attack = Server(rule(world)), MemoryLedger(), Surrogate(queries=600)
    client = QueryClient(EstimatorTransport(server), ledger, PROFILE)
    server.patience = 900
    with pytest.raises(Cancelled):
        attack.run(world.stealing(client))
    assert 900 <= server.rows < 1_100
    server.patience = 10**9
    resumed = attack.run(world.stealing(QueryClient(EstimatorTransport(server), ledger, PROFILE)))
    assert server.rows == 1_100
    at_once = attack.run(world.stealing(rule(world)))
    assert np.array_equal(resumed.labels, at_once.labels)


def test_behind_labels_alone_it_asks_what_is_recorded() -> None:
    """Other answers lead to other questions; where nothing new can be asked it chooses among those that were."""
    world = World()
    first = Recorded(rule(world))
    Surrogate(queries=400).run(world.stealing(first))
    known = record_keys(first.asked)
    labels = Recorded(lambda frame: np.eye(2)[first.answers(frame).argmax(axis=1)])
    context = replace(world.stealing(labels), recorded=lambda frame: np.isin(record_keys(frame), known))
    evidence = Surrogate(queries=400).run(context)
    assert np.isin(record_keys(labels.asked), known).all()
    assert evidence.queries[-1] == 400
