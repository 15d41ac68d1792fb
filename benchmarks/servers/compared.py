"""The same model behind a server and in this process: what the probe finds, every answer, and every figure of an audit."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from auditor.demo import adult
from auditor.domain.data import Column, ColumnType
from auditor.domain.target import SPOKEN, Profile, Rows, Target, WireProtocol
from auditor.domain.target_spec import TargetSpec
from auditor.errors import AuditorError
from auditor.querying import Guard, MemoryLedger, QueryClient, Transport, http_transport
from auditor.querying.discovery import form_of
from auditor.querying.in_process import EstimatorTransport
from auditor.testing.servers import ModelServer
from benchmarks.servers.foreign import served
from benchmarks.servers.running import NotRunError

PROJECT = Path(__file__).parents[2]
SIDE, SEED = 400, 7
LEARNERS = {
    "forest": {"name": "random-forest", "params": {"n_estimators": served.TREES}},
    "logistic": {"name": "logistic-regression", "params": {}},
}
SAME = 1e-6
NOT_COMPARED = ("queries",)


@dataclass(frozen=True)
class Outcome:
    """What one model behind one server showed. `alike`: the forms of rows that were answered as in this process. `differ`: the
    first places in the findings where the two audits do not agree."""

    found: str
    alike: tuple[str, ...]
    answers: float
    estimates: float
    figures: int
    differ: tuple[str, ...]
    verdict: str
    verdict_here: str


def write_records(folder: Path) -> None:
    parts = adult.split(adult.load(), SEED, (SIDE, SIDE))
    parts.members.to_csv(folder / "members.csv", index=False)
    parts.non_members.to_csv(folder / "non_members.csv", index=False)


class Compared:
    """One model: its records in `folder`, and the audit of it in this process, made when it is first asked for."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind = kind
        self.folder = folder
        self.model = served.trained(kind, str(folder / "members.csv"))
        self.columns = tuple(
            Column(name, ColumnType.INTEGER if name in served.NUMBERS else ColumnType.STRING) for name in served.FEATURES[kind]
        )
        sides = [pd.read_csv(folder / f"{side}.csv", keep_default_na=False) for side in ("members", "non_members")]
        self.frame = pd.concat(sides, ignore_index=True)[[column.name for column in self.columns]]
        self._here: dict[str, Any] | None = None

    def predict(self, frame: pd.DataFrame) -> np.ndarray:
        names = [column.name for column in self.columns]
        rows = frame[names].to_numpy(dtype=float) if self.kind == "forest" else frame[names]
        return np.asarray(self.model.predict_proba(rows))

    def with_server(self, url: str) -> Outcome:
        block = self._probed(url)
        target = TargetSpec(**block).as_target()
        there, here = self._audited(block, "there"), self._audited_here()
        differences = dict(_differences(_figures(here["findings"]), _figures(there["findings"])))
        verdicts = [f"{one['audit']['outcome']}, score {one['audit']['score']:.0f}" for one in (there, here)]
        return Outcome(
            found=form_of(target),
            alike=tuple(self._alike(target)),
            answers=self._difference(target),
            estimates=max(differences.values()),
            figures=len(differences),
            differ=tuple(sorted(place for place, size in differences.items() if size > SAME))[:5],
            verdict=verdicts[0],
            verdict_here=verdicts[1],
        )

    def _probed(self, url: str) -> dict[str, Any]:
        hidden = [name for name in adult.load().columns if name not in {*served.FEATURES[self.kind], served.LABEL}]
        options = ["--data", "members.csv", "--label", served.LABEL, "--exclude", ",".join(hidden)]
        said = _auditor(["probe", url, *options], self.folder)
        block: dict[str, Any] = yaml.safe_load(said.stdout)["target"]
        return block

    def _answers(self, transport: Transport, target: Target) -> np.ndarray:
        profile = Profile(target.output, target.classes, batch_size=getattr(transport, "most_rows", None) or 64)
        return QueryClient(transport, MemoryLedger(), profile)(self.frame)

    def _difference(self, target: Target) -> float:
        reach = http_transport(target, self.columns, None, Guard(allow_loopback=True))
        here = self._answers(EstimatorTransport(self.predict), replace(target, classes=tuple(self.model.classes_)))
        return float(np.abs(self._answers(reach, target) - here).max())

    def _alike(self, target: Target) -> Iterator[str]:
        """Each form of the protocol, where the server understands it; a refusal is no answer, not a wrong one."""
        numeric = self.kind == "forest"
        for rows in (rows for rows in SPOKEN[target.protocol] if numeric or rows is not Rows.MATRIX):
            if target.protocol is WireProtocol.JSON:
                return
            try:
                difference = self._difference(replace(target, rows=rows))
            except AuditorError:
                continue
            if difference > SAME:
                raise NotRunError(f"{form_of(replace(target, rows=rows))}: answers differ by {difference:g}")
            yield str(rows)

    def _audited_here(self) -> dict[str, Any]:
        if self._here is None:
            with ModelServer(self.predict) as server:
                block = {"url": server.open_inference, "classes": [str(name) for name in self.model.classes_]}
                self._here = self._audited(block, "here")
        return self._here

    def _audited(self, block: Mapping[str, Any], name: str) -> dict[str, Any]:
        spec = {
            "spec": 1,
            "name": self.kind,
            "target": dict(block),
            "data": {
                "members": "members.csv",
                "non_members": "non_members.csv",
                "label": served.LABEL,
                "features": [column.name for column in self.columns],
            },
            "learner": LEARNERS[self.kind],
            "attacks": "quick",
            "seed": SEED,
        }
        (self.folder / f"{name}.yaml").write_text(json.dumps(spec), encoding="utf-8")  # JSON is YAML
        result = self.folder / f"{name}.json"
        result.unlink(missing_ok=True)
        said = _auditor(["run", f"{name}.yaml", "--home", f"home-{name}", "--output", result.name], self.folder)
        if not result.exists():
            raise NotRunError(f"the audit of {self.kind} failed: {said.stderr.strip()[-500:]}")
        document: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
        return document


def _auditor(arguments: list[str], folder: Path) -> "subprocess.CompletedProcess[str]":
    line = [sys.executable, "-m", "auditor", *arguments]
    done = subprocess.run(line, cwd=folder, env=os.environ | {"PYTHONPATH": str(PROJECT)}, capture_output=True, text=True)
    if arguments[0] == "probe" and done.returncode:
        raise NotRunError(f"the probe failed: {done.stderr.strip()[-500:]}")
    return done


def _figures(found: Any, path: str = "") -> Iterator[tuple[str, float]]:
    """Every number of the findings, by its place."""
    if isinstance(found, bool) or found is None or isinstance(found, str):
        return
    if isinstance(found, int | float):
        yield path, float(found)
        return
    inside = found.items() if isinstance(found, Mapping) else enumerate(found)
    for key, part in inside:
        if key not in NOT_COMPARED:
            yield from _figures(part, f"{path}/{key}")


def _differences(here: Iterator[tuple[str, float]], there: Iterator[tuple[str, float]]) -> Iterator[tuple[str, float]]:
    """By place; what only one of the two has differs without end."""
    first, second = dict(here), dict(there)
    for path in {*first, *second}:
        yield path, abs(first.get(path, np.inf) - second.get(path, -np.inf))
