"""Parity with the reference implementations of LiRA (tensorflow/privacy, mi_lira_2021) and RMIA (ml_privacy_meter).

The scores are those of 64 models of Location-30. The references' definitions differ from ours and stand here; what their code
answered is in `expected.json`. The scores derive from data without a stated licence and are not shipped: this runs where the
shared data is.
"""

import json
import os
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm, rankdata

from auditor.attacks.membership import rmia
from auditor.attacks.membership.lira import LiRA
from auditor.attacks.membership.pairs import Pairs
from auditor.attacks.membership.rmia import RMIA
from auditor.attacks.membership.stacked import Stacked
from auditor.domain.attack import Attack, Context
from auditor.domain.data import Records
from auditor.domain.shadow import ShadowOutputs
from auditor.domain.target import Output, Profile

SHARED = Path(os.environ.get("AUDITOR_SHARED_DATA", str(Path(__file__).parents[2].parent / "shared" / "data")))
FOLDER = SHARED / "mia-shadow-location30"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"{FOLDER} is not there; set AUDITOR_SHARED_DATA")

Floats = np.ndarray
TARGETS = (62, 63)


@cache
def stored() -> tuple[Floats, Floats, Floats, Floats]:
    """Scores phi (64, n) and membership (64, n) of the audited rows, scores of the population rows, labels of the audited rows."""
    with np.load(FOLDER / "shadow_scores.npz") as data:
        rows = int(data["n_rows"])
        keep = np.unpackbits(data["keep_packed"], axis=1, count=rows).astype(bool)
        scores, audited = data["scores"].astype(np.float64), data["audit_rows"]
        return scores[:, audited], keep[:, audited], scores[:, data["population_rows"]], data["y"][audited]


@cache
def expected() -> dict[str, dict[str, float]]:
    loaded: dict[str, dict[str, float]] = json.loads((FOLDER / "expected.json").read_text())
    return loaded


def curve(scores: Floats, is_member: Floats) -> tuple[Floats, Floats]:
    order = np.argsort(-scores, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))
    found = np.cumsum(is_member[order])[ends]
    return np.append(0, ends + 1 - found) / (~is_member).sum(), np.append(0, found) / is_member.sum()


def figures(scores: Floats, is_member: Floats) -> dict[str, float]:
    fpr, tpr = curve(scores, is_member)
    members, others = is_member.sum(), (~is_member).sum()
    return {
        "auc": (rankdata(scores)[is_member].sum() - members * (members + 1) / 2) / (members * others),
        "balanced_accuracy": np.max(1 - (fpr + 1 - tpr) / 2),
        "tpr_at_fpr_0_01": tpr[fpr <= 0.01].max(),
        "tpr_at_fpr_0_001": tpr[fpr <= 0.001].max(),
    }


@cache
def sides() -> tuple[Floats, Floats]:
    """IN and OUT scores (n, at most 62) of each record, cut to the common smallest length."""
    shadows, keep = (found[:62] for found in stored()[:2])
    lists = [[shadows[side[:, i], i] for i in range(shadows.shape[1])] for side in (keep, ~keep)]
    return tuple(np.array([found[: min(map(len, side))] for found in side]) for side in lists)  # type: ignore[return-value]


def reference_lira(name: str) -> dict[str, float]:
    """Median as location; the `fixed` variance is that of all IN scores, not centred on their records, for both sides; the offline
    score is the density under OUT, from both sides."""
    scores, keep, _, _ = stored()
    inside, outside = sides()
    spreads = [np.std(inside)] * 2 if "fixed" in name else [inside.std(axis=1), outside.std(axis=1)]
    claims = []
    for target in TARGETS:
        log_in, log_out = (
            norm.logpdf(scores[target], np.median(side, axis=1), s + 1e-30)
            for side, s in zip((inside, outside), spreads, strict=True)
        )
        claims.append(-log_out if "offline" in name else log_in - log_out)
    return figures(np.concatenate(claims), np.concatenate([keep[t] for t in TARGETS]))


@pytest.mark.parametrize("name", ["lira_online", "lira_online_fixed_variance", "lira_offline", "lira_offline_fixed_variance"])
def test_lira_as_its_authors_have_it(name: str) -> None:
    assert reference_lira(name) == pytest.approx(expected()[f"{name}/targets_62_63"], abs=1e-4)


def test_the_global_threshold() -> None:
    scores, keep, _, _ = stored()
    pooled = figures(scores[list(TARGETS)].ravel(), keep[list(TARGETS)].ravel())
    assert pooled == pytest.approx(expected()["global_threshold/targets_62_63"], abs=1e-4)


def largest_outside(probabilities: Floats, keep: Floats, references: int) -> Floats:
    """(n, references): of the first 2 * references models that are neither target 0 nor its partner, the largest OUT answers."""
    outside = np.where(keep, 0.0, probabilities)[2 : 2 + 2 * references]
    return -np.sort(-outside, axis=0)[:references].T


def reference_rmia(references: int, a: float) -> tuple[Floats, Floats]:
    """The share of the population that a record beats, and the ratio that is counted, for target 0."""
    scores, keep, population, _ = stored()
    ratios = []
    for found, inside in ((scores, keep), (population, np.zeros(population.shape, dtype=bool))):
        answers = 1 / (1 + np.exp(-found))
        usual = largest_outside(answers, inside, references).mean(axis=1)
        ratios.append(answers[0] / ((1 + a) / 2 * usual + (1 - a) / 2))
    return (ratios[0][:, None] / ratios[1] > 1.0).mean(axis=1), ratios[0]


@pytest.mark.parametrize("references", [1, 2, 4, 31])
@pytest.mark.parametrize("a", [0.3, 1.0])
def test_rmia_as_its_authors_have_it(references: int, a: float) -> None:
    counted, _ = reference_rmia(references, a)
    found = figures(counted, stored()[1][0])
    assert found == pytest.approx(expected()[f"rmia_offline/target_0/nref_{references}/a_{a}"], abs=1e-4)


@pytest.mark.parametrize("a", [0.3, 1.0])
def test_our_log_ratio_ranks_as_the_reference_without_its_ties(a: float) -> None:
    """With 31 references every OUT answer is used, which is what our mean over OUT shadows does."""
    scores, keep, _, _ = stored()
    counted, ratio = reference_rmia(31, a)
    usual = -np.log1p(np.exp(-scores[2:]))
    split = [np.array([usual[side[:, i], i] for i in range(scores.shape[1])]).T for side in (keep[2:], ~keep[2:])]
    ours = rmia.offline(a)(-np.log1p(np.exp(-scores[0])), Pairs(*split))
    np.testing.assert_allclose(ours, np.log(ratio), atol=1e-9)
    assert (np.diff(counted[np.argsort(ours)]) >= -1e-12).all()
    plain, tied = figures(ours, keep[0]), figures(counted, keep[0])
    assert plain["auc"] == pytest.approx(tied["auc"], abs=0.003)
    assert plain["tpr_at_fpr_0_001"] >= tied["tpr_at_fpr_0_001"]


def ours(attack: Attack) -> dict[str, float]:
    """Our attack on targets 62 and 63 with the other 62 models as shadows: the two classes are "right" and "anything else"."""
    scores, keep, _, labels = stored()
    answers = np.stack([1 / (1 + np.exp(-scores)), 1 / (1 + np.exp(scores))], axis=-1)
    records = Records(pd.DataFrame({"row": np.arange(len(labels))}), np.zeros(len(labels), dtype=np.intp))
    shadows = ShadowOutputs(answers[:62], keep[:62])
    profile = Profile(Output.PROBABILITIES, ("right", "other"))
    claims = [
        attack.run(Context(0, profile, (), lambda frame, t=t: answers[t], lambda fraction: None, records, shadows)).target
        for t in TARGETS
    ]
    return figures(np.concatenate(claims), np.concatenate([keep[t] for t in TARGETS]))


@pytest.mark.parametrize(
    ("attack", "reference"),
    [
        (LiRA(variance="record"), "lira_online"),
        (LiRA(variance="pooled"), "lira_online_fixed_variance"),
        (LiRA("offline"), "lira_offline"),
        (LiRA(), "lira_online"),
        (Stacked(), "lira_online"),
        (RMIA(), "global_threshold"),
    ],
    ids=repr,
)
def test_ours_finds_as_much_as_the_reference_or_more(attack: Attack, reference: str) -> None:
    found, theirs = ours(attack), expected()[f"{reference}/targets_62_63"]
    assert found["auc"] > theirs["auc"] - 0.003
    assert found["tpr_at_fpr_0_001"] > 0.85 * theirs["tpr_at_fpr_0_001"]
