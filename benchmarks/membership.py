"""How much do membership attacks find, on which models, with how many shadows? The table of docs/attacks/stacked.md.

Each row trains shadows on one pool of records and attacks models of the same kind that were trained on random halves of it. A row
is written to the file as soon as it is measured, with the commit that measured it, and is not measured again unless asked for.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from auditor.attacks import registry
from auditor.demo import adult
from auditor.domain.attack import Context
from auditor.domain.data import Column, ColumnType, Records
from auditor.domain.evidence import MembershipScores
from auditor.domain.learner import Learner
from auditor.domain.shadow import ShadowOutputs
from auditor.domain.target import Output, Profile
from auditor.shadows import design, pool, trainers
from benchmarks.pooling import Floats, Masks, auc, pooled, realised, tail

HERE = Path(__file__).parent
SHARED = Path(os.environ.get("AUDITOR_SHARED_DATA", HERE.parents[1] / "shared" / "data"))
SHADOWS, TARGETS = 60, 5
FIRST_TARGET = 64  # index of the first target's half among those of the shadows; even ones only, so no target has its partner there
SEED = 3

# Column of the table: attack, parameters, shadows. The first is the one that the others are compared with.
METHODS: dict[str, tuple[str, Mapping[str, object], int]] = {
    "stacked K16": ("stacked", {}, 16),
    "stacked K4": ("stacked", {}, 4),
    "stacked K60": ("stacked", {}, 60),
    "loss": ("loss-threshold", {}, 16),
    "rmia K2": ("rmia", {}, 2),
    "rmia K16": ("rmia", {}, 16),
    "lira record K16": ("lira", {"variance": "record"}, 16),
    "lira shared K16": ("lira", {"variance": "shared"}, 16),
    "lira pooled K16": ("lira", {"variance": "pooled"}, 16),
}
CALIBRATED = ("stacked K16", "rmia K16", "lira shared K16")
RIVALS = tuple(name for name, (_, _, shadows) in METHODS.items() if shadows == 16)


@dataclass(frozen=True, eq=False)
class People:
    records: Records
    columns: tuple[Column, ...]
    classes: int


@dataclass(frozen=True)
class Row:
    data: str
    learner: Learner


ROWS: dict[str, Row] = {
    "Adult random forest": Row("adult", Learner("random-forest")),
    "Adult xgboost": Row("adult", Learner("xgboost")),
    "Adult random forest, leaves of 5": Row("adult", Learner("random-forest", {"min_samples_leaf": 5})),
    "Adult xgboost, depth 3, eta 0.1": Row("adult", Learner("xgboost", {"max_depth": 3, "learning_rate": 0.1})),
    "Adult logistic regression": Row("adult", Learner("logistic-regression")),
    "Adult mlp 64": Row("adult", Learner("mlp", {"hidden_layer_sizes": (64,), "max_iter": 60})),
    "Location logistic regression": Row("location", Learner("logistic-regression")),
    "Location random forest": Row("location", Learner("random-forest")),
    "Location xgboost": Row("location", Learner("xgboost")),
}


def adult_people(size: int = 8_000) -> People:
    """Distinct records of UCI Adult (CC BY 4.0) in random order, without fnlwgt."""
    frame = adult.load().drop_duplicates().sample(frac=1, random_state=11).reset_index(drop=True)[:size]
    labels = adult.labels(frame)
    return People(Records(frame.drop(columns=adult.LABEL), labels), adult.columns(), len(adult.CLASSES))


def location_people(size: int = 4_000) -> People:
    """Location-30 (privacytrustlab/datasets, licence not stated: not shipped): 446 visited-or-not columns, 30 classes."""
    path = SHARED / "location30" / "location30.npz"
    if not path.is_file():
        raise FileNotFoundError(f"{path} is not there; set AUDITOR_SHARED_DATA to the folder that holds location30/")
    with np.load(path) as stored:
        bits = np.unpackbits(stored["x_packed"], axis=1, count=int(stored["n_features"])).astype(np.int64)
        labels, order = stored["y"].astype(np.intp) - 1, stored["shuffle_index"][:size]
    columns = tuple(Column(f"x{i}", ColumnType.INTEGER) for i in range(bits.shape[1]))
    frame = pd.DataFrame(bits[order], columns=[c.name for c in columns])
    return People(Records(frame, labels[order]), columns, 30)


PEOPLE: dict[str, Callable[[], People]] = {"adult": adult_people, "location": location_people}


@dataclass(frozen=True, eq=False)
class Models:
    """What shadows and targets (K, n, C) answered, and the halves they were trained on."""

    shadows: ShadowOutputs
    answers: Floats
    membership: Masks


def train(people: People, learner: Learner, shadows: int, targets: int) -> Models:
    profile = _profile(people)
    chosen = [*range(shadows), *range(FIRST_TARGET, FIRST_TARGET + 2 * targets, 2)]
    odds = trainers.train(learner, people.columns, people.records, people.classes, chosen, SEED, lambda fraction: None)
    outputs = pool.outputs(odds, design.halves(people.records, chosen, SEED), profile)
    return Models(outputs.first(shadows), outputs.probabilities[shadows:], outputs.masks[shadows:])


def attack(people: People, models: Models, name: str) -> list[MembershipScores]:
    """Evidence against each target."""
    attacked, params, shadows = METHODS[name]
    made, outputs = registry.make(attacked, params), models.shadows.first(shadows)

    def context(answers: Floats) -> Context:
        return Context(0, _profile(people), people.columns, lambda frame: answers, lambda fraction: None, people.records, outputs)

    return [made.run(context(answers)) for answers in models.answers]


def measure(people: People, learner: Learner, shadows: int = SHADOWS, targets: int = TARGETS) -> dict[str, Any]:
    """One row: by method TPR at 0.1 % FPR and AUC with limits, what separates stacked K16 from it, and realised rates."""
    started = time.monotonic()
    models = train(people, learner, shadows, targets)
    trained = time.monotonic()
    names = [name for name, (_, _, needed) in METHODS.items() if needed <= shadows]
    evidence = {name: attack(people, models, name) for name in names}
    scores = {name: np.stack([e.target for e in found]) for name, found in evidence.items()}
    row: dict[str, Any] = {"methods": {name: {} for name in names}, "records": len(people.records), "targets": targets}
    for title, statistic in (("tpr", tail), ("auc", auc)):
        means, behind = pooled(scores, models.membership, statistic)
        for name in names:
            row["methods"][name] |= {title: means[name].rounded(), f"{title}_behind": behind[name].rounded()}
    for name in CALIBRATED:
        rates = [realised(e, m) for e, m in zip(evidence[name], models.membership, strict=True)]
        row["methods"][name] |= {"realised_fpr": round(float(np.mean([r[0] for r in rates])), 6)}
        row["methods"][name] |= {"calibrated_tpr": round(float(np.mean([r[1] for r in rates])), 5)}
    seconds = {"training": round(trained - started, 1), "attacks": round(time.monotonic() - trained, 1)}
    return row | {"seconds": seconds}


def falls_short(row: Mapping[str, Any]) -> list[str]:
    """The methods with 16 shadows that beat stacked by more than chance would, at 0.1 % FPR or in AUC."""
    return [name for name in RIVALS for title in ("tpr", "auc") if row["methods"][name][f"{title}_behind"][2] < 0]


def table(rows: Mapping[str, Any]) -> str:
    """Markdown: TPR at 0.1 % FPR in percent (AUC)."""
    lines = ["| model | " + " | ".join(METHODS) + " | realised |", "|---" * (len(METHODS) + 2) + "|"]
    for title, row in rows.items():
        cells = [_cell(row["methods"].get(name)) for name in METHODS]
        lines.append(f"| {title} | " + " | ".join(cells) + f" | {100 * row['methods'][CALIBRATED[0]]['realised_fpr']:.3f} % |")
    return "\n".join(lines)


def _cell(found: Mapping[str, Any] | None) -> str:
    return "-" if found is None else f"{100 * found['tpr'][0]:.1f} ({found['auc'][0]:.3f})"


def _profile(people: People) -> Profile:
    return Profile(Output.PROBABILITIES, tuple(map(str, range(people.classes))))


def _commit() -> str:
    found = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], cwd=HERE, capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unknown"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="row", help=f"default: all that are not in the file; one of {', '.join(ROWS)}")
    parser.add_argument("--output", type=Path, default=HERE / "membership.json", help="default: benchmarks/membership.json")
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.rows if name not in ROWS]:
        parser.error(f"there is no row {unknown[0]!r}")
    written: dict[str, Any] = json.loads(options.output.read_text()) if options.output.is_file() else {}
    for name in options.rows or [name for name in ROWS if name not in written]:
        try:
            people = PEOPLE[ROWS[name].data]()
        except FileNotFoundError as missing:
            print(f"{name}: not measured; {missing}", file=sys.stderr)
            continue
        written[name] = measure(people, ROWS[name].learner) | {"commit": _commit()}
        ordered = {title: written[title] for title in ROWS if title in written}
        options.output.write_text(json.dumps(ordered, indent=1) + "\n")
        print(table({name: written[name]}), flush=True)
        for rival in falls_short(written[name]):
            print(f"{name}: {rival} finds more than stacked K16", flush=True)
    print(table({title: written[title] for title in ROWS if title in written}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
