"""Training records rebuilt from forests and linear models, and the score of exposure: the figures of three pages.

`python -m benchmarks records [forests] [linear] [exposure]` writes records.json, with the commit that measured it. German credit,
COMPAS and Adult are read below $AUDITOR_SHARED_DATA, by default ../shared/data beside the project; without them their rows are
left out. Forests need OR-Tools; without it that part is left out.
"""

import importlib.util
import json
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.inversion.forest_reconstruction import ForestReconstruction
from auditor.attacks.inversion.linear_record import LinearRecord
from auditor.domain.attack import Attack, Context, Training
from auditor.domain.data import Column, ColumnType, Records
from auditor.domain.evidence import CanarySignals, Reconstructions
from auditor.domain.parameters import Layers, Trees
from auditor.domain.target import Output, Profile
from auditor.errors import AttackFailed
from auditor.scoring.assess import Grading, Originals, Truth, assess

OUT = Path(__file__).with_suffix(".json")
SHARED = Path(os.environ.get("AUDITOR_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
LABELS = {"german-credit/german_credit": "credit_risk", "compas/compas_scores_two_years": "two_year_recid", "adult/adult": "income"}
COMPAS = ["sex", "age_cat", "race", "juv_fel_count", "juv_misd_count", "priors_count", "c_charge_degree", "decile_score"]
AUXILIARY, SECONDS = 300, 120
# data, records, trees, are the seeds in the file
FORESTS = (
    ("bits", 25, 10, True),
    ("bits", 25, 100, True),
    ("bits", 50, 100, True),
    ("german-credit", 50, 100, True),
    ("compas", 50, 100, True),
    ("adult", 50, 100, True),
    ("bits", 25, 10, False),
    ("adult", 25, 10, False),
    ("bits", 100, 30, True),
    ("bits", 100, 100, True),
    ("german-credit", 100, 100, True),
)


def bits(n: int, seed: int) -> Records:
    """12 bits, each 0 or 1 with probability 1/2, and a class that follows four of them with noise."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.integers(0, 2, (n, 12)), columns=[f"b{i}" for i in range(12)])
    score = frame.iloc[:, :4].sum(axis=1) + rng.normal(0, 1, n)
    return Records(frame, (score > 2).to_numpy().astype(np.intp))


def table(name: str) -> tuple[pd.DataFrame, NDArray[np.intp]] | None:
    path = next(path for path in LABELS if path.startswith(name))
    if not (SHARED / f"{path}.csv.gz").is_file():
        return None
    frame = pd.read_csv(SHARED / f"{path}.csv.gz", skipinitialspace=True)
    labels = pd.factorize(frame[LABELS[path]], sort=True)[0].astype(np.intp)
    return frame[[c for c in frame.columns if c in COMPAS or (name != "compas" and c not in (LABELS[path], "split"))]], labels


def binary(frame: pd.DataFrame) -> pd.DataFrame:
    """A number is 1 above its median, a category where it is the most frequent."""
    cells = {
        name: column > column.median() if pd.api.types.is_numeric_dtype(column) else column == column.mode()[0]
        for name, column in frame.items()
    }
    return pd.DataFrame(cells).astype(np.int64)


def parts(name: str, n: int) -> tuple[Records, Records, Records] | None:
    """Members, non-members, auxiliary records; all columns of bits."""
    if name == "bits":
        return bits(n, 0), bits(n, 1), bits(AUXILIARY, 2)
    found = table(name)
    if found is None:
        return None
    everything = Records(binary(found[0]), found[1])
    order = np.random.default_rng(0).permutation(len(everything))
    cuts = (order[:n], order[n : 2 * n], order[2 * n : 2 * n + AUXILIARY])
    return tuple(everything.take(rows) for rows in cuts)  # type: ignore[return-value]


def parameters_of(model: Any) -> Layers | Trees | None:
    """What a skops file of the model tells."""
    import skops.io

    from auditor.serving.formats.skops_file import load

    return load(skops.io.dumps(model)).parameters()


def context_of(members: Records, auxiliary: Records | None, model: Any, classes: int) -> Context:
    columns = tuple(
        Column(str(c), ColumnType.NUMBER if members.features[c].dtype.kind == "f" else ColumnType.INTEGER) for c in members.features
    )
    training = Training(members, np.arange(len(members)))
    profile = Profile(Output.PROBABILITIES if classes else Output.VALUE, tuple(map(str, range(classes))))
    return Context(7, profile, columns, _never, _unwatched, auxiliary=auxiliary, parameters=parameters_of(model), training=training)


def _never(frame: pd.DataFrame) -> NDArray[np.float64]:
    raise AssertionError


def _unwatched(fraction: float) -> None:
    """Nobody waits for this."""


def measured(attack: Attack, context: Context, truth: Truth) -> dict[str, Any]:
    began = time.process_time()
    try:
        found = attack.run(context)
    except AttackFailed as error:
        return {"cpu_seconds": round(time.process_time() - began, 1), "failed": error.sentence}
    seconds = round(time.process_time() - began, 1)
    assert isinstance(found, Reconstructions)
    guess = attack.baseline.run(context) if isinstance(attack, LinearRecord) else None
    graded = assess(found, truth, Grading(25.0), guess)
    figures = {e.name: [e.low, e.value, e.high] for e in graded.estimates}
    scores = {"score": graded.score, "score_low": graded.score_low, "score_high": graded.score_high}
    return {"cpu_seconds": seconds, "notes": list(found.notes)} | scores | figures


def forests() -> Iterator[dict[str, Any]]:
    from sklearn.ensemble import RandomForestClassifier

    for name, n, trees, has_seeds in FORESTS:
        found = parts(name, n)
        if found is None:
            print(f"{name} is left out: it is not below $AUDITOR_SHARED_DATA")
            continue
        members, others, auxiliary = found
        model = RandomForestClassifier(trees, random_state=0).fit(members.features.to_numpy(float), members.labels)
        context = context_of(members, auxiliary, model, 2)
        if not has_seeds:
            assert isinstance(context.parameters, Trees)
            context = replace(context, parameters=replace(context.parameters, draw_seeds=np.empty(0, dtype=np.int64)))
        both = Records(pd.concat([members.features, others.features], ignore_index=True), np.append(members.labels, others.labels))
        truth = Truth(np.arange(2 * n) < n, both.labels, None, None, 2, originals=Originals(both, context.columns, auxiliary))
        row = {"data": name, "columns": len(context.columns), "records": n, "trees": trees, "seeds": has_seeds}
        yield row | measured(ForestReconstruction(SECONDS), context, truth)


def linear() -> Iterator[dict[str, Any]]:
    """Ridge and logistic models of scikit-learn, as it fits them by default and to the end."""
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    ends = {"default": {}, "tol=1e-10": {"tol": 1e-10, "max_iter": 10_000}}
    for name, records, classes in numbers():
        logistic = {f"logistic, {end}": LogisticRegression(**kept) for end, kept in ends.items()}
        for kind, model in (logistic if classes else {"ridge": Ridge()}).items():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a default fit that did not converge is what is measured
                fitted = make_pipeline(StandardScaler(), model).fit(
                    records.features.to_numpy(), records.labels if classes else records.values
                )
            context = context_of(records, None, fitted, classes)
            everybody = np.ones(len(records), dtype=bool)
            originals = Originals(records, context.columns)
            truth = Truth(everybody, records.labels, None, None, classes, originals=originals)
            assert isinstance(context.parameters, Layers)
            for known in (True, False):
                hidden = context.parameters if known else replace(context.parameters, penalty=None)
                row = {"data": name, "records": len(records), "columns": len(context.columns), "model": kind}
                found = measured(LinearRecord(), replace(context, parameters=hidden), truth)
                yield row | {"penalty_known": known} | found


def numbers() -> Iterator[tuple[str, Records, int]]:
    """Records with columns of numbers; categories as one column of 0 and 1 for each value."""
    from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits

    values = load_diabetes(as_frame=True)
    yield "diabetes", Records(values.data, np.zeros(len(values.data), dtype=np.intp), values.target.to_numpy(float)), 0
    for name, load, classes in (("breast cancer", load_breast_cancer, 2), ("digits", load_digits, 10)):
        data = load(as_frame=True)
        yield name, Records(data.data.astype(float), data.target.to_numpy(np.intp)), classes
    for name, n in (("german-credit", 1_000), ("adult", 2_000)):
        found = table(name)
        if found is None:
            print(f"{name} is left out: it is not below $AUDITOR_SHARED_DATA")
            continue
        rows = np.random.default_rng(0).permutation(len(found[0]))[:n]
        frame = pd.get_dummies(found[0].iloc[rows].reset_index(drop=True)).astype(float)
        frame.columns = [f"x{i}" for i in range(frame.shape[1])]
        yield name, Records(frame, found[1][rows]), 2


def exposure() -> Iterator[dict[str, Any]]:
    """Canaries that are not remembered, and such whose signals are all moved by a share of their standard deviation."""
    settings = [(m, r, 0.0, 2_000) for m, r in ((60, 60), (300, 300), (500, 100), (100, 500))]
    for m, r, moved, audits in [*settings, *((500, 500, moved, 50) for moved in (0.2, 0.3, 0.5, 0.8))]:
        inside = np.arange(m + r) < m
        truth = Truth(inside, np.zeros(m + r, dtype=np.intp), None, None, 2)
        signals = (np.random.default_rng(seed).normal(size=m + r) + moved * inside for seed in range(audits))
        graded = [assess(CanarySignals(own), truth, Grading(25.0)) for own in signals]
        figures = [{e.name: e.value or 0.0 for e in one.estimates} for one in graded]
        lows = np.array([one.score_low or 0.0 for one in graded])
        yield {
            "canaries": m,
            "references": r,
            "moved": moved,
            "audits": audits,
            "score": float(np.mean([one.score or 0.0 for one in graded])),
            "score_low": float(lows.mean()),
            "score_low_above_0": float((lows > 0).mean()),
            "at_least_low": float((lows >= 5).mean()),
            "p_value_below_0.05": float(np.mean([one["exposure_p_value"] < 0.05 for one in figures])),
            "memorised_share": float(np.mean([one["memorised_share"] for one in figures])),
        }


PARTS = {"forests": forests, "linear": linear, "exposure": exposure}


def main(wanted: list[str]) -> None:
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    for name in wanted or list(PARTS):
        if name == "forests" and importlib.util.find_spec("ortools") is None:
            print("forests are left out: install OR-Tools with pip install 'privacy-attack-auditor[reconstruction]'")
            continue
        rows = []
        for row in PARTS[name]():
            rows.append(row)
            print(json.dumps(row), flush=True)
            kept = json.loads(OUT.read_text()) if OUT.is_file() else {}
            OUT.write_text(json.dumps(kept | {name: {"commit": commit, "rows": rows}}, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
