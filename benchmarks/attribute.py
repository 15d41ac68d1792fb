"""How much do attacks on attributes find, on members, on non-members and without the model? For docs/attacks/attribute.md.

UCI Adult as the demonstration ships it, and, from the folder of AUDITOR_SHARED_DATA, Adult with the split of Mehnaz et al. 2022 and
FiveThirtyEight's steak survey. A row is written to the file as soon as it is measured, with the commit that measured it. With
`--evidence` the guesses are kept in a folder, from which a row is graded again without training or asking anything.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from auditor.attacks import registry
from auditor.attacks.inversion.completion import value_indices
from auditor.demo import adult as demo
from auditor.domain.attack import Query
from auditor.domain.data import AuditData, Column, ColumnType, Records, Sensitive
from auditor.domain.evidence import AttributeGuesses
from auditor.domain.learner import Learner
from auditor.domain.target import Output, Profile
from auditor.learners import build
from auditor.scoring.assess import Grading, Truth, assess
from auditor.scoring.attribute import aligned, arms_of
from auditor.scoring.intervals import clopper_pearson
from auditor.scoring.precision import precision_at
from auditor.workflow.contexts import context_for, forbidden

HERE = Path(__file__).parent
SHARED = Path(os.environ.get("AUDITOR_SHARED_DATA", HERE.parents[1] / "shared" / "data"))
PAGE = HERE.parent / "docs" / "attacks" / "attribute.md"
SEED = 7
ATTACKS = ("attribute", "likelihood-ratio", "fredrikson-map", "fredrikson-confidence", "yeom", "csmia", "lomia")
SHARES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
SPLITS = 20  # of the steak survey, which is small


@dataclass(frozen=True)
class Row:
    data: str
    sensitive: str
    learner: Learner


FOREST, BOOSTED = Learner("random-forest"), Learner("xgboost")
TREE = Learner("decision-tree", {"min_samples_leaf": 5})
ROWS: dict[str, Row] = {
    "Adult, all columns, race, random forest": Row("uci", "race", FOREST),
    "Adult, all columns, race, xgboost": Row("uci", "race", BOOSTED),
    "Adult, all columns, occupation, random forest": Row("uci", "occupation", FOREST),
    "Adult, all columns, occupation, xgboost": Row("uci", "occupation", BOOSTED),
    "Adult marital, random forest": Row("adult", "marital", FOREST),
    "Adult marital, xgboost": Row("adult", "marital", BOOSTED),
    "Adult marital, decision tree of leaves of 5": Row("adult", "marital", TREE),
    "Adult race, random forest": Row("adult", "race", FOREST),
    "Adult race, xgboost": Row("adult", "race", BOOSTED),
    "Steak infidelity, random forest": Row("steak", "infidelity", FOREST),
    "Steak infidelity, decision tree of leaves of 5": Row("steak", "infidelity", TREE),
}


@dataclass(frozen=True, eq=False)
class Survey:
    """Everybody, typed, and how many of them are members, non-members and auxiliary."""

    frame: pd.DataFrame
    label: str
    numbers: tuple[str, ...]
    trained: int
    attacked: int
    auxiliary: int

    @property
    def columns(self) -> tuple[Column, ...]:
        names = [c for c in self.frame.columns if c != self.label]
        return tuple(Column(c, ColumnType.INTEGER if c in self.numbers else ColumnType.CATEGORY) for c in names)


def uci(seed: int) -> tuple[Survey, pd.DataFrame, pd.DataFrame]:
    """UCI Adult as the demonstration ships it: 13 columns, age among them."""
    frame = demo.load().drop_duplicates().sample(frac=1, random_state=seed)
    survey = Survey(frame, demo.LABEL, demo.INTEGERS, 5_000, 2_000, 3_000)
    return survey, frame[:5_000], frame[5_000:10_000]


def uci_part(seed: int) -> tuple[Survey, pd.DataFrame, pd.DataFrame]:
    """The same people, of whom few enough are attacked for a test."""
    survey, inside, outside = uci(seed)
    return replace(survey, trained=4_000, attacked=300, auxiliary=500), inside, outside


def adult(seed: int) -> tuple[Survey, pd.DataFrame, pd.DataFrame]:
    """The survey, who was trained on (DST) and who was not (DSD)."""
    frame = _table("adult-attribute-inference/adult_attribute_inference.csv.gz")
    kept = frame.drop(columns=["fnlwgt"]).sample(frac=1, random_state=seed)
    dst, dsd = (kept[kept["split"] == s].drop(columns="split") for s in ("DST", "DSD"))
    survey = Survey(dst, "income", ("capitalgain", "capitalloss", "hoursperweek"), 5_000, 2_000, 3_000)
    return survey, dst, dsd


def steak(seed: int) -> tuple[Survey, pd.DataFrame, pd.DataFrame]:
    frame = _table("steak-survey/steak_331.csv.gz").drop(columns=["response_id", "steak"]).sample(frac=1, random_state=seed)
    return Survey(frame, "steak_type", (), 150, 150, 90), frame[:150], frame[150:]


People = tuple[Survey, pd.DataFrame, pd.DataFrame]
SURVEYS: dict[str, Callable[[int], People]] = {
    "uci": uci,
    "uci part": uci_part,
    "adult": adult,
    "steak": steak,
}


def _table(name: str) -> pd.DataFrame:
    path = SHARED / name
    if not path.is_file():
        raise FileNotFoundError(f"{path} is not there; set AUDITOR_SHARED_DATA to the folder that holds {name}")
    return pd.read_csv(path)


@dataclass(frozen=True, eq=False)
class Trial:
    """One target with its records: what an audit would know, the truth, and how the target is asked."""

    data: AuditData
    truth: Truth
    query: Query
    sensitive: Sensitive


def trial(row: Row, seed: int) -> Trial:
    survey, inside, outside = SURVEYS[row.data](seed)
    classes = tuple(sorted(survey.frame[survey.label].unique()))
    trained = _records(inside[: survey.trained], survey, classes)
    auxiliary = _records(outside[: survey.auxiliary], survey, classes)
    others = _records(outside[survey.auxiliary :][: survey.attacked], survey, classes)
    members = trained.take(np.arange(min(survey.attacked, len(trained))))
    data, truth, sensitive = _audit((members, others, auxiliary), row, survey, seed)
    model = build(row.learner, survey.columns, seed).fit(trained.features, trained.labels)
    return Trial(data, truth, lambda frame: model.over_all(model.predict_proba(frame), len(classes)), sensitive)


def _audit(sides: tuple[Records, Records, Records], row: Row, survey: Survey, seed: int) -> tuple[AuditData, Truth, Sensitive]:
    """`sides`: attacked members, attacked non-members, auxiliary records."""
    members, others, auxiliary = sides
    order = np.random.default_rng(seed).permutation(len(members) + len(others))
    frame = pd.concat([members.features, others.features], ignore_index=True)
    everybody = Records(frame, np.concatenate([members.labels, others.labels])).take(order)
    is_member = (np.arange(len(order)) < len(members))[order]
    values = tuple((v,) for v in sorted(auxiliary.features[row.sensitive].unique()))
    sensitive = Sensitive(row.sensitive, (row.sensitive,), values)
    classes = tuple(map(str, range(int(max(everybody.labels.max(), auxiliary.labels.max())) + 1)))
    data = AuditData(survey.columns, classes, everybody, is_member, auxiliary, (sensitive,))
    return data, Truth(is_member, everybody.labels, value_indices(everybody.features, sensitive), None, len(classes)), sensitive


def _records(frame: pd.DataFrame, survey: Survey, classes: tuple[str, ...]) -> Records:
    features = frame.drop(columns=survey.label).reset_index(drop=True)
    typed = features.astype({c.name: "float64" if c.type.is_numeric else object for c in survey.columns})
    return Records(typed, np.array([classes.index(y) for y in frame[survey.label]], dtype=np.intp))


def attacked(found: Trial, name: str) -> tuple[AttributeGuesses, AttributeGuesses]:
    """Evidence of the attack and of imputation, about every candidate."""
    attack = registry.make(name, {"records": 4_000})
    baseline = registry.baseline_for(attack)
    assert baseline is not None
    profile = Profile(Output.PROBABILITIES, found.data.classes)
    grants = {"seed": SEED, "sensitive": found.sensitive}
    evidence = attack.run(context_for(attack, found.data, profile, found.query, _unwatched, grants))
    imputed = baseline.run(context_for(baseline, found.data, profile, forbidden, _unwatched, grants))
    assert isinstance(evidence, AttributeGuesses) and isinstance(imputed, AttributeGuesses)  # noqa: PT018
    return evidence, imputed


def _unwatched(fraction: float) -> None:
    """Nobody waits."""


def measured(guessed: "Guessed") -> dict[str, Any]:
    """Every estimate of the finding with its limits, the score, and the three curves."""
    evidence, imputed, truth = guessed
    graded = assess(evidence, truth, Grading(level=25.0, seed=SEED), imputed)
    told = {e.name: [e.value, e.low, e.high, e.n] for e in graded.estimates if e.value is not None}
    arms = arms_of(aligned(evidence, imputed, truth))
    curves = {
        title: [_point(made, share) for share in SHARES]
        for title, made in (("members", arms.members), ("non-members", arms.non_members), ("imputation", arms.imputer))
    }
    return {"score": [graded.score, graded.score_low, graded.score_high], "estimates": told, "curves": curves}


def _point(made: Any, share: float) -> list[float]:
    k = max(1.0, share * len(made))
    value = float(precision_at(made, k)[0])
    limits = clopper_pearson(value * k, k)
    return [share, value, limits.low, limits.high]


Guessed = tuple[AttributeGuesses, AttributeGuesses, Truth]


def guessed(row: Row, seed: int, folder: Path | None) -> dict[str, Guessed]:
    """What every attack says about one draw, what imputation says, and the truth: from the folder where it is there."""
    names = {name: folder and folder / f"{row.data}-{row.sensitive}-{row.learner.name}-{seed}-{name}.npz" for name in ATTACKS}
    kept = {name: _read(path, row) for name, path in names.items() if path and path.is_file()}
    if len(kept) == len(ATTACKS):
        return kept
    found = trial(row, seed)
    for name in ATTACKS:
        if name not in kept:
            kept[name] = (*attacked(found, name), found.truth)
            _write(names[name], kept[name])
    return kept


def _write(path: Path | None, made: Guessed) -> None:
    if path is None:
        return
    evidence, imputed, truth = made
    path.parent.mkdir(parents=True, exist_ok=True)
    cases = np.zeros(0, np.intp) if evidence.cases is None else evidence.cases
    assert truth.attribute is not None
    np.savez_compressed(
        path,
        rows=evidence.rows,
        scores=evidence.scores,
        cases=cases,
        imputed=imputed.scores,
        is_member=truth.is_member,
        attribute=truth.attribute,
        values=np.array([str(cell) for (cell,) in evidence.attribute.values]),
    )


def _read(path: Path, row: Row) -> Guessed:
    with np.load(path) as kept:
        known = Sensitive(row.sensitive, (row.sensitive,), tuple((str(value),) for value in kept["values"]))
        cases = kept["cases"] if len(kept["cases"]) else None
        truth = Truth(kept["is_member"], np.zeros(len(kept["is_member"]), np.intp), kept["attribute"], None, 2)
        imputed = AttributeGuesses(known, kept["rows"], kept["imputed"])
        return AttributeGuesses(known, kept["rows"], kept["scores"], cases), imputed, truth


def measure(row: Row, folder: Path | None = None) -> dict[str, Any]:
    started = time.monotonic()
    draws = [guessed(row, SEED + i, folder) for i in range(SPLITS if row.data == "steak" else 1)]
    found = {name: _together([measured(one[name]) for one in draws]) for name in ATTACKS}
    return {"attacks": found, "splits": len(draws), "seconds": round(time.monotonic() - started, 1)}


def _together(found: list[dict[str, Any]]) -> dict[str, Any]:
    """One split as it is. Of several the mean of each figure and two standard errors of it over the splits, which share people."""
    if len(found) == 1:
        return _rounded(found[0])
    names = [n for n in found[0]["estimates"] if all(n in f["estimates"] for f in found)]
    means = {n: _mean([f["estimates"][n][0] for f in found]) for n in names}
    return _rounded({"estimates": means, "score": _mean([f["score"][0] or 0.0 for f in found])})


def _mean(values: list[float]) -> list[float]:
    mean, error = float(np.mean(values)), float(np.std(values, ddof=1) / np.sqrt(len(values)))
    return [mean, mean - 2 * error, mean + 2 * error, float(len(values))]


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_rounded(part) for part in value]
    return round(value, 4) if isinstance(value, float) else value


COLUMNS = (
    "accuracy",
    "accuracy_non_members",
    "baseline_accuracy",
    "precision@k",
    "precision@k_non_members",
    "precision@k_imputation",
)


def table(title: str, row: Mapping[str, Any]) -> str:
    splits = row["splits"]
    how = f"{splits} random splits: mean, and two standard errors of it" if splits > 1 else "95 % limits"
    lines = [f"**{title}** ({how}; measured at {row['commit']})", ""]
    lines += ["| attack | " + " | ".join(f"`{c}`" for c in COLUMNS) + " | score |", "|---" * (len(COLUMNS) + 2) + "|"]
    for name, found in row["attacks"].items():
        cells = [_cell(found["estimates"].get(c), 3) for c in COLUMNS]
        lines.append(f"| {name} | " + " | ".join(cells) + f" | {_cell(found['score'], 0)} |")
    return "\n".join([*lines, "", *_curves(row)])


def summary(rows: Mapping[str, Any]) -> str:
    """`attribute` everywhere; then its curves; then what every attack scores. All figures and limits are in attribute.json."""
    return "\n\n".join([_of_attribute(rows), _all_curves(rows), _scores(rows)])


def _of_attribute(rows: Mapping[str, Any]) -> str:
    lines = [f"| `attribute` on | {' | '.join(f'`{c}`' for c in COLUMNS)} | score |", "|---" * (len(COLUMNS) + 2) + "|"]
    for title, row in rows.items():
        found = row["attacks"]["attribute"]
        cells = [_cell(found["estimates"].get(c), 2) for c in COLUMNS]
        lines.append(f"| {title} | {' | '.join(cells)} | {_cell(found['score'], 0)} |")
    return "\n".join(lines)


def _all_curves(rows: Mapping[str, Any]) -> str:
    lines = [f"| right among the surest claims of `attribute` | {' | '.join(f'{share:.0%}' for share in SHARES)} |"]
    lines.append("|---" * (len(SHARES) + 1) + "|")
    for title, row in rows.items():
        curves = row["attacks"]["attribute"].get("curves", {}) if title.startswith("Adult, all") else {}
        lines += [f"| {title}: {arm} | {' | '.join(_cell(p[1:], 2) for p in points)} |" for arm, points in curves.items()]
    return "\n".join(lines)


def _scores(rows: Mapping[str, Any]) -> str:
    lines = [f"| score | {' | '.join(ATTACKS)} | measured at |", "|---" * (len(ATTACKS) + 2) + "|"]
    for title, row in rows.items():
        cells = [_cell(row["attacks"][name]["score"], 0) for name in ATTACKS]
        lines.append(f"| {title} | {' | '.join(cells)} | {row['commit']} |")
    return "\n".join(lines)


def _curves(row: Mapping[str, Any]) -> list[str]:
    curves = row["attacks"]["attribute"].get("curves")
    if not curves:
        return []
    head = "| surest claims of `attribute` | " + " | ".join(f"{share:.0%}" for share in SHARES) + " |"
    lines = [head, "|---" * (len(SHARES) + 1) + "|"]
    lines += [f"| {title} | " + " | ".join(_cell(p[1:], 2) for p in points) + " |" for title, points in curves.items()]
    return [*lines, ""]


def _cell(found: Sequence[float] | None, digits: int) -> str:
    if found is None or found[0] is None:
        return "-"
    return f"{found[0]:.{digits}f} ({found[1]:.{digits}f} to {found[2]:.{digits}f})"


START, END = "<!-- python -m benchmarks.attribute -->", "<!-- end -->"


def write_page(rows: Mapping[str, Any]) -> None:
    text = PAGE.read_text()
    before, _, rest = text.partition(START)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{START}\n\n{summary(rows)}\n\n{END}{after}")


def _commit() -> str:
    found = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], cwd=HERE, capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unknown"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="row", help=f"default: all that are not in the file; one of {', '.join(ROWS)}")
    parser.add_argument("--output", type=Path, default=HERE / "attribute.json", help="default: benchmarks/attribute.json")
    parser.add_argument("--evidence", type=Path, help="keep the guesses in this folder, and take those that it has")
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.rows if name not in ROWS]:
        parser.error(f"there is no row {unknown[0]!r}")
    written: dict[str, Any] = json.loads(options.output.read_text()) if options.output.is_file() else {}
    for name in options.rows or [name for name in ROWS if name not in written]:
        try:
            written[name] = measure(ROWS[name], options.evidence) | {"commit": _commit()}
        except FileNotFoundError as missing:
            print(f"{name}: not measured; {missing}", file=sys.stderr)
            continue
        ordered = {title: written[title] for title in ROWS if title in written}
        options.output.write_text(json.dumps(ordered) + "\n")
        print(table(name, written[name]), flush=True)
    if options.output == HERE / "attribute.json" and START in PAGE.read_text():
        write_page({title: written[title] for title in ROWS if title in written})
    return 0


if __name__ == "__main__":
    sys.exit(main())
