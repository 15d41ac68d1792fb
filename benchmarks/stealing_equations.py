"""How exactly are linear models computed from their answers? Adult as encoded columns and as records, and digits."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.stealing.equation_solving import EquationSolving
from auditor.demo import adult
from auditor.domain.attack import Context, Query
from auditor.domain.data import Column, ColumnType, Records
from auditor.domain.learner import Learner
from auditor.domain.target import Output, Profile
from auditor.learners import build
from auditor.learners.encode import Encoding, Numbers, prepare

Floats = NDArray[np.float64]

TRAINED, AUXILIARY, JUDGED, SEED = 5_000, 5_000, 3_000, 1
NOT_SATURATED = 1e-6  # of a probability near 1, doubles keep too little to read the logit off
DECIMALS: tuple[int | None, ...] = (None, 3, 2)


@dataclass(frozen=True, eq=False)
class Case:
    """A target, what it was not trained on, and how its rows are sent."""

    name: str
    columns: tuple[Column, ...]
    query: Query
    classes: int
    auxiliary: Records
    judged: Records


def rows() -> list[dict[str, Any]]:
    """One for each target and rounding."""
    return [_measured(case(), decimals) for case in (adult_matrix, adult_records, digits) for decimals in DECIMALS]


def _measured(case: Case, decimals: int | None) -> dict[str, Any]:
    def rounded(frame: pd.DataFrame) -> Floats:
        answers = case.query(frame)
        return answers if decimals is None else np.round(answers, decimals)

    profile = Profile(Output.PROBABILITIES, tuple(f"{c}" for c in range(case.classes)), decimals)
    context = Context(SEED, profile, case.columns, rounded, lambda fraction: None, case.judged, None, case.auxiliary, fresh=rounded)
    evidence = EquationSolving().run(context)
    assert evidence.copied is not None
    true, rows_judged = case.query(case.judged.features), evidence.rows
    agrees = evidence.copied[rows_judged].argmax(axis=1) == true[rows_judged].argmax(axis=1)
    odds = np.log(np.maximum(true, 1e-300)), np.log(np.maximum(evidence.copied, 1e-300))
    gaps = np.abs((odds[0] - odds[0][:, :1]) - (odds[1] - odds[1][:, :1]))[rows_judged].max(axis=1)
    known = _known(case)[rows_judged] & (true[rows_judged].min(axis=1) >= NOT_SATURATED)
    return {
        "target": case.name,
        "decimals": decimals,
        "queries": int(evidence.queries[-1]),
        "fidelity": round(float(agrees.mean()), 5),
        "judged": len(rows_judged),
        "unseen": int((~known).sum()),
        "logit_error": [float(np.median(gaps[known])), float(gaps[known].max())],
        "notes": list(evidence.notes),
    }


def _known(case: Case) -> NDArray[np.bool_]:
    """(n,) Candidates that hold no value which the auxiliary records never let vary: what it adds cannot be learned from them."""
    known = np.ones(len(case.judged), dtype=bool)
    for column in case.columns:
        seen, cells = case.auxiliary.features[column.name], case.judged.features[column.name]
        if not column.type.is_numeric or seen.nunique() == 1:
            known &= cells.isin(seen.unique()).to_numpy()
    return known


def adult_records() -> Case:
    """14 mixed columns; one-hot encoding and scaling stay inside the target."""
    members, auxiliary, judged = _adult()
    model = build(Learner("logistic-regression"), adult.columns(), SEED).fit(members.features, members.labels)
    return Case("logistic regression, Adult, records", adult.columns(), model.predict_proba, 2, auxiliary, judged)


def adult_matrix() -> Case:
    """The encoded columns themselves are sent."""
    members, auxiliary, judged = _adult()
    table = prepare(members.features, adult.columns())
    encoding = Encoding.fit(table, Numbers.SCALED)
    names = [f"x{i}" for i in range(encoding.width)]
    columns = tuple(Column(name, ColumnType.NUMBER) for name in names)

    def encoded(records: Records) -> Records:
        return Records(pd.DataFrame(encoding.apply(prepare(records.features, adult.columns())), columns=names), records.labels)

    model = _linear(encoded(members).features.to_numpy(), members.labels)
    title = f"logistic regression, Adult, {len(names)} encoded columns"
    return Case(title, columns, model, 2, encoded(auxiliary), encoded(judged))


def digits() -> Case:
    from sklearn.datasets import load_digits

    found = load_digits()
    order = np.random.default_rng(SEED).permutation(len(found.data))
    names = [f"p{i}" for i in range(found.data.shape[1])]
    frame, labels = pd.DataFrame(found.data[order], columns=names), found.target[order].astype(np.intp)
    parts = [Records(frame.iloc[a:b].reset_index(drop=True), labels[a:b]) for a, b in ((0, 800), (800, 1_200), (1_200, len(frame)))]
    model = _linear(parts[0].features.to_numpy() / 16, parts[0].labels)
    columns = tuple(Column(name, ColumnType.NUMBER) for name in names)
    return Case("multinomial, digits, 64 numbers", columns, lambda f: model(f / 16), 10, parts[1], parts[2])


def _linear(matrix: Floats, labels: NDArray[np.intp]) -> Callable[[pd.DataFrame], Floats]:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(max_iter=2_000).fit(matrix, labels)
    return lambda frame: np.asarray(model.predict_proba(frame.to_numpy(dtype=np.float64)))


def _adult() -> tuple[Records, Records, Records]:
    frame = adult.load().drop_duplicates().sample(frac=1, random_state=SEED).reset_index(drop=True)
    ends = np.cumsum([0, TRAINED, AUXILIARY, JUDGED])
    parts = [frame.iloc[a:b].reset_index(drop=True) for a, b in itertools.pairwise(ends)]
    return tuple(Records(p.drop(columns=adult.LABEL), adult.labels(p)) for p in parts)  # type: ignore[return-value]


def table(found: list[dict[str, Any]]) -> str:
    lines = [
        "| target | decimals | queries | fidelity | error of the logit, median and largest | candidates left out |",
        "|---|---|---|---|---|---|",
    ]
    for row in found:
        decimals = "exact" if row["decimals"] is None else str(row["decimals"])
        middle, largest = row["logit_error"]
        cells = [row["target"], decimals, f"{row['queries']:,}", f"{row['fidelity']:.4f}", f"{middle:.1e}, {largest:.1e}"]
        lines.append(f"| {' | '.join([*cells, str(row['unseen'])])} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(rows()))
