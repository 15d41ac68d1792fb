"""Class representatives of digits and faces: how near reconstructions come, beside what is known without the model.

`python -m benchmarks inversion [digits] [faces]` writes inversion.json. Digits come with scikit-learn. Faces (AT&T,
att_faces.npz) are read below $AUDITOR_SHARED_DATA, by default ../shared/data beside the project; without
them that part is left out.
"""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.inversion.class_inversion import ClassInversion
from auditor.attacks.inversion.mi_face import MIFace
from auditor.domain.attack import Attack, Context
from auditor.domain.data import Column, ColumnType, Records
from auditor.domain.evidence import Reconstructions
from auditor.domain.parameters import Layer, Layers
from auditor.domain.target import Output, Profile
from auditor.scoring.assess import Grading, Truth, assess
from auditor.scoring.grading import Originals
from auditor.scoring.intervals import clopper_pearson

OUT = Path(__file__).with_suffix(".json")
SHARED = Path(os.environ.get("AUDITOR_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
FACES = SHARED / "att-faces" / "att_faces.npz"
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Scene:
    """A fitted model of scikit-learn and who was trained on; pixels go from 0 to 1."""

    model: Any
    members: tuple[Floats, NDArray[np.intp]]
    others: tuple[Floats, NDArray[np.intp]]
    auxiliary: tuple[Floats, NDArray[np.intp]]
    classes: int

    @property
    def columns(self) -> tuple[Column, ...]:
        return tuple(Column(f"p{i}", ColumnType.NUMBER) for i in range(self.members[0].shape[1]))

    def frame(self, values: Floats) -> pd.DataFrame:
        return pd.DataFrame(values, columns=[c.name for c in self.columns])

    def context(self, auxiliary: tuple[Floats, NDArray[np.intp]] | None = None) -> Context:
        values, labels = auxiliary or self.auxiliary
        return Context(
            seed=7,
            profile=Profile(Output.PROBABILITIES, tuple(map(str, range(self.classes)))),
            columns=self.columns,
            query=lambda frame: np.asarray(self.model.predict_proba(frame.to_numpy())),
            checkpoint=lambda fraction: None,
            auxiliary=Records(self.frame(values), labels),
            parameters=layers(self.model),
            bounds={c.name: (0.0, 1.0) for c in self.columns},
        )

    def truth(self) -> Truth:
        values = np.concatenate([self.members[0], self.others[0]])
        labels = np.concatenate([self.members[1], self.others[1]])
        is_member = np.arange(len(labels)) < len(self.members[1])
        originals = Originals(Records(self.frame(values), labels), self.columns, None, {c.name: (0.0, 1.0) for c in self.columns})
        return Truth(is_member, labels, None, None, self.classes, originals=originals)


def layers(model: Any) -> Layers | None:
    if hasattr(model, "coefs_"):
        parts = zip(model.coefs_, model.intercepts_, strict=True)
        return Layers(tuple(Layer(w.T, b) for w, b in parts), model.activation, "softmax")
    return Layers((Layer(model.coef_, model.intercept_),), "identity", "softmax") if hasattr(model, "coef_") else None


def surest(found: Reconstructions) -> Floats:
    """(C, d) the record that is judged, of each class."""
    labels = np.unique(found.labels)
    rows = [np.flatnonzero(found.labels == c) for c in labels]
    return found.records.to_numpy()[[r[found.scores[r].argmax()] for r in rows]]


def measured(attack: Attack, scene: Scene) -> dict[str, Any]:
    began = time.process_time()
    context = scene.context()
    found = attack.run(context)
    seconds = time.process_time() - began
    assert isinstance(found, Reconstructions)
    guess = ClassInversion().baseline.run(context)
    graded = assess(found, scene.truth(), Grading(25.0), guess)
    figures = {e.name: [e.value, e.low, e.high] for e in graded.estimates if e.value is not None}
    return {
        "attack": repr(attack),
        "cpu_seconds": round(seconds, 1),
        "score": graded.score,
        "score_low": graded.score_low,
    } | figures


def without_records_of_the_class(attack: Attack, scene: Scene) -> dict[str, Any]:
    """Each class searched with auxiliary records of all others alone."""
    began, errors, guesses = time.process_time(), [], []
    for label in range(scene.classes):
        kept = scene.auxiliary[1] != label
        found = attack.run(scene.context((scene.auxiliary[0][kept], scene.auxiliary[1][kept])))
        assert isinstance(found, Reconstructions)
        mean = scene.members[0][scene.members[1] == label].mean(axis=0)
        errors.append(float(((surest(found)[label] - mean) ** 2).mean()))
        guesses.append(float(((scene.auxiliary[0][kept].mean(axis=0) - mean) ** 2).mean()))
    seconds = round(time.process_time() - began, 1)
    told = {"mean_squared_error": float(np.mean(errors)), "of_the_mean_of_other_classes": float(np.mean(guesses))}
    return {"attack": repr(attack), "cpu_seconds": seconds} | told


def digits() -> dict[str, Any]:
    from sklearn.datasets import load_digits
    from sklearn.linear_model import LogisticRegression
    from sklearn.tree import DecisionTreeClassifier
    from xgboost import XGBClassifier

    values, labels = load_digits(return_X_y=True)
    values, order = values / 16, np.random.default_rng(0).permutation(len(labels))
    parts = [(values[rows], labels[rows]) for rows in (order[:900], order[900:1350], order[1350:])]
    targets = {
        "logistic": LogisticRegression(max_iter=500),
        "tree": DecisionTreeClassifier(random_state=0),
        "xgboost": XGBClassifier(n_jobs=1),
    }
    scenes = {name: Scene(model.fit(*parts[0]), *parts, classes=10) for name, model in targets.items()}
    result: dict[str, Any] = {name: [measured(ClassInversion(queries=2_000), scene)] for name, scene in scenes.items()}
    result["logistic"].append(measured(MIFace(), scenes["logistic"]))
    no_class = [ClassInversion(queries=1_000, restarts=1), MIFace()]
    result["logistic, no records of the class"] = [without_records_of_the_class(a, scenes["logistic"]) for a in no_class]
    result["logistic, ranges alone"] = [measured(MIFace(knowledge="ranges", prior=0.1), scenes["logistic"])]
    return result


def faces() -> dict[str, Any]:
    """Who is on a reconstruction is told by 1-nearest-neighbour on the 3 images of each person that the target never saw."""
    return {name: measured(FACE_ATTACK, scene) | _identified(FACE_ATTACK, scene) for name, scene in face_scenes().items()}


FACE_ATTACK = MIFace(steps=1_000)


def face_scenes() -> dict[str, Scene]:
    """20 persons, 7 images each in the target; 20 other persons are all that the adversary has."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.neural_network import MLPClassifier

    stored = np.load(FACES)
    small = stored["images"][:, ::4, ::4].reshape(400, -1) / 255.0
    person, turn = stored["subject"].astype(np.intp) - 1, np.tile(np.arange(10), 40)
    known, trained = person < 20, turn < 7
    parts = [(small[rows], person[rows]) for rows in (known & trained, known & ~trained, ~known)]
    targets = {
        "softmax": LogisticRegression(max_iter=300),
        "mlp": MLPClassifier((100,), max_iter=100, random_state=0),
    }
    return {name: Scene(model.fit(*parts[0]), *parts, classes=20) for name, model in targets.items()}


def _identified(attack: Attack, scene: Scene) -> dict[str, Any]:
    found, guess = (a.run(scene.context()) for a in (attack, ClassInversion().baseline))
    assert isinstance(found, Reconstructions)
    assert isinstance(guess, Reconstructions)
    return {
        "re_identified": _rate(surest(found), scene),
        "re_identified_guess": _rate(surest(guess), scene),
        "re_identified_random_other_class": _rate(np.roll(surest(found), 1, axis=0), scene),
    }


def _rate(claims: Floats, scene: Scene) -> list[float]:
    values, labels = scene.others
    nearest = ((claims[:, None] - values) ** 2).sum(axis=2).argmin(axis=1)
    right = int((labels[nearest] == np.arange(len(claims))).sum())
    return list(clopper_pearson(right, len(claims)).as_tuple())


PARTS = {"digits": digits, "faces": faces}


def main(wanted: list[str]) -> None:
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    for name in wanted or list(PARTS):
        if name == "faces" and not FACES.is_file():
            print("the faces are left out: put att_faces.npz below $AUDITOR_SHARED_DATA/att-faces")
            continue
        found = {"commit": commit} | PARTS[name]()
        kept = json.loads(OUT.read_text()) if OUT.is_file() else {}
        OUT.write_text(json.dumps(kept | {name: found}, indent=1) + "\n")
        print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main(sys.argv[1:])
