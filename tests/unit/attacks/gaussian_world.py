"""Contexts for attacks without any training: answers are drawn, so that what is true is known exactly."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from auditor.domain.attack import Context
from auditor.domain.data import Column, ColumnType, Records
from auditor.domain.shadow import ShadowOutputs
from auditor.domain.target import Output, Profile
from auditor.shadows import design

COLUMNS = (Column("x", ColumnType.NUMBER),)
PROFILE = Profile(Output.PROBABILITIES, ("a", "b"))


def sigmoid(phi: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-phi))


def binary(phi: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Answers (..., n, 2) whose logit confidence is phi."""
    true = sigmoid(phi)
    return np.where(labels[:, None] == np.arange(2), true[..., None], 1 - true[..., None])


def free(fraction: float) -> None:
    pass


def gaussian(
    n: int = 600,
    shadows: int = 16,
    gap: float = 1.0,
    seed: int = 0,
    spread: float = 0.5,
    checkpoint: Callable[[float], None] = free,
) -> tuple[Context, np.ndarray]:
    """Records of different difficulty whose logit confidence is normal, `gap` higher where they were trained on."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, n).astype(np.intp)
    difficulty = rng.normal(1.0, 2.0, n)
    masks = design.masks(n, range(shadows), seed)
    is_member = rng.permutation(n) < n // 2

    def phi(inside: np.ndarray) -> np.ndarray:
        return difficulty + gap * inside + spread * rng.normal(size=inside.shape)

    answers = binary(phi(is_member), labels)
    outputs = ShadowOutputs(binary(phi(masks), labels), masks) if shadows else None
    candidates = Records(pd.DataFrame({"x": np.arange(n, dtype=float)}), labels)

    def query(frame: pd.DataFrame) -> np.ndarray:
        return answers[frame.index.to_numpy()]

    context = Context(seed, PROFILE, COLUMNS, query, checkpoint, candidates, outputs)
    return context, is_member


def auc(scores: np.ndarray, is_member: np.ndarray) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(is_member, scores))
