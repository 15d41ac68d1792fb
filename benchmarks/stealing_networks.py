"""Linear models from labels alone, networks of one hidden layer from exact answers, and copies by regression on scores."""

import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.stealing.copying import NETWORK, Answered, Workshop, by_rows
from auditor.attacks.stealing.critical_points import LEAST, ReluCriticalPoints
from auditor.attacks.stealing.critical_points_box import ScoreForm
from auditor.attacks.stealing.lowd_meek import LowdMeek
from auditor.attacks.stealing.network_regression import best_regression
from auditor.domain.attack import Context
from auditor.domain.target import Output, Profile
from benchmarks.stealing_equations import SEED, Case, adult_matrix, adult_records, digits

Floats = NDArray[np.float64]
UNITS = (16, 32, 64)
BUDGETS = (500, 1_000, 2_000)


def exact_rows() -> list[dict[str, Any]]:
    """Lowd-Meek on linear targets, critical points on networks."""
    found = [_measured(LowdMeek(60_000), case()) for case in (adult_matrix, adult_records, digits)]
    networks = [network(make(), units) for make in (digits, adult_matrix) for units in UNITS]
    return found + [_measured(ReluCriticalPoints(60_000), case) for case in networks]


def network(case: Case, units: int) -> Case:
    """The same records, and a network with one hidden layer that was trained on half of the auxiliary ones."""
    from sklearn.neural_network import MLPClassifier

    half = len(case.auxiliary) // 2
    seen, scale = case.auxiliary.features.to_numpy(dtype=np.float64), 16.0 if case.classes > 2 else 1.0
    labels = case.query(case.auxiliary.features).argmax(axis=1)
    model = MLPClassifier((units,), max_iter=200, random_state=SEED, alpha=0.01).fit(seen[:half] / scale, labels[:half])
    columns = [c.name for c in case.columns]
    name = f"network of {units} units, {case.name.split(', ', 1)[1]}"
    return replace(
        case, name=name, query=lambda frame: np.asarray(model.predict_proba(frame[columns].to_numpy(dtype=float) / scale))
    )


def kernel_machine(case: Case) -> Case:
    """The same, with a support vector machine whose decision values are turned into probabilities (Platt)."""
    from sklearn.svm import SVC

    half = len(case.auxiliary) // 2
    seen, labels = case.auxiliary.features.to_numpy(dtype=np.float64), case.query(case.auxiliary.features).argmax(axis=1)
    model = SVC(random_state=SEED).fit(seen[:half], labels[:half])

    def query(frame: pd.DataFrame) -> Floats:
        likely = 1 / (1 + np.exp(-2 * model.decision_function(frame.to_numpy(dtype=float))))
        return np.column_stack([1 - likely, likely])

    return replace(case, name=f"support vectors, {case.name.split(', ', 1)[1]}", query=query)


def curve_rows() -> list[dict[str, Any]]:
    """Fidelity of a regression on scores and of a network refitted on weighted rows, for so many auxiliary records."""
    base = adult_matrix()
    return [_compared(case, budget) for case in (network(base, UNITS[1]), kernel_machine(base)) for budget in BUDGETS]


def _compared(case: Case, budget: int) -> dict[str, Any]:
    asked = case.auxiliary.features.tail(budget).reset_index(drop=True)
    answers, true = case.query(asked), case.query(case.judged.features).argmax(axis=1)
    form = ScoreForm.of(answers)
    fitted = best_regression(asked, form.scores(answers, LEAST), case.columns, SEED)
    refit = by_rows(Workshop((), case.columns, SEED, lambda fraction: None), NETWORK, Answered(asked, answers))
    agree = [
        (said.argmax(axis=1) == true).mean()
        for said in (form.answers(fitted.scores(case.judged.features)), refit(case.judged.features))
    ]
    return {"target": case.name, "queries": budget, "kind": fitted.name, "regression": float(agree[0]), "refit": float(agree[1])}


def _measured(attack: LowdMeek | ReluCriticalPoints, case: Case) -> dict[str, Any]:
    profile = Profile(Output.PROBABILITIES, tuple(f"{c}" for c in range(case.classes)))
    evidence = attack.run(
        Context(SEED, profile, case.columns, case.query, lambda fraction: None, case.judged, None, case.auxiliary)
    )
    true = case.query(case.judged.features).argmax(axis=1)[evidence.rows]
    copied = evidence.copied
    assert copied is not None
    return {
        "attack": attack.name,
        "target": case.name,
        "queries": int(evidence.queries[-1]),
        "fidelity": float((copied[evidence.rows].argmax(axis=1) == true).mean()),
        "judged": len(true),
        "figures": dict(evidence.figures),
        "notes": list(evidence.notes),
    }


def table(found: list[dict[str, Any]]) -> str:
    lines = ["| attack | target | queries | fidelity | figures |", "|---|---|---|---|---|"]
    for row in found:
        figures = ", ".join(f"{name} {value:.3g}" for name, value in row["figures"].items())
        lines.append(f"| {row['attack']} | {row['target']} | {row['queries']:,} | {row['fidelity']:.4f} | {figures} |")
    return "\n".join(lines)


def curves(found: list[dict[str, Any]]) -> str:
    lines = ["| target | queries | regression on scores | network refitted on weighted rows |", "|---|---|---|---|"]
    for row in found:
        lines.append(f"| {row['target']} | {row['queries']:,} | {row['regression']:.4f} ({row['kind']}) | {row['refit']:.4f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(curves(curve_rows()) if "curves" in sys.argv else table(exact_rows()))
