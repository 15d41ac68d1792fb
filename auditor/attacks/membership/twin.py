"""What the lookup twin answers about records that are no candidates: attacks that ask around a record need a memory with edges."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.membership.domain import Scale, domains
from auditor.domain.attack import Query
from auditor.domain.data import Column
from auditor.domain.seeds import generator

Floats = NDArray[np.float64]
Coordinates = NDArray[np.float32]

WIDEST = 64  # coordinates of one category column; rarer values share the room by chance
BLOCK = 2_048
REACH = 0.5  # of the way to the nearest other candidate: the spheres of two members never meet


@dataclass(frozen=True, eq=False)
class Answers:
    """(n, C) for the candidates: `remembered` where they are members, `otherwise` what a model that has not seen them would say."""

    remembered: Floats
    otherwise: Floats
    is_member: NDArray[np.bool_]

    @property
    def own(self) -> Floats:
        return np.asarray(np.where(self.is_member[:, None], self.remembered, self.otherwise))


def memory(features: pd.DataFrame, columns: Sequence[Column], answers: Answers) -> Query:
    """A target that answers any frame. A candidate (its row index and its cells) gets its own answer. Another record gets the
    remembered one within half of the way from a member to the nearest other candidate, and else what an unseen record would
    get that is like the nearest candidate."""
    own, map_ = answers.own, _Map(features, columns)

    def query(frame: pd.DataFrame) -> Floats:
        found = np.empty((len(frame), own.shape[1]))
        known = _are_candidates(frame, features)
        found[known] = own[frame.index.to_numpy()[known]]
        if not known.all():
            found[~known] = _elsewhere(map_, frame.loc[~known], answers)
        return found

    return query


def _are_candidates(frame: pd.DataFrame, features: pd.DataFrame) -> NDArray[np.bool_]:
    """(m,) the row index is a candidate's, and the cells are its cells."""
    rows = frame.index.to_numpy()
    known = (rows >= 0) & (rows < len(features))
    claimed = features.iloc[rows[known]]
    same = np.ones(len(claimed), dtype=bool)
    for name in features.columns:
        ours, theirs = claimed[name], frame[name][known]
        same &= ((ours.to_numpy() == theirs.to_numpy()) | (ours.isna().to_numpy() & theirs.isna().to_numpy())).astype(bool)
    known[known] = same
    return known


def _elsewhere(map_: "_Map", frame: pd.DataFrame, answers: Answers) -> Floats:
    nearest, distance = map_.nearest(map_.place(frame))
    seen = np.unique(nearest[answers.is_member[nearest]])
    reach = np.zeros(len(answers.is_member), dtype=np.float32)
    reach[seen] = REACH * map_.room(seen)
    inside = distance < reach[nearest]
    return np.asarray(np.where(inside[:, None], answers.remembered[nearest], answers.otherwise[nearest]))


class _Map:
    """Records as points: numbers in standard deviations, categories in directions of their own (1 apart)."""

    def __init__(self, features: pd.DataFrame, columns: Sequence[Column]) -> None:
        self._domains = domains(features, columns)
        self._codes = {d.name: {value: i for i, value in enumerate(d.values)} for d in self._domains if not isinstance(d, Scale)}
        self._points = self.place(features)

    def place(self, frame: pd.DataFrame) -> Coordinates:
        """(m, d), a missing cell in the middle of its column."""
        parts = [_numbers(frame[d.name], d) if isinstance(d, Scale) else self._categories(frame[d.name]) for d in self._domains]
        return np.concatenate([np.zeros((len(frame), 1), dtype=np.float32), *parts], axis=1)

    def _categories(self, cells: pd.Series) -> Coordinates:
        codes = self._codes[str(cells.name)]
        width = min(len(codes), WIDEST)
        directions = np.eye(width, dtype=np.float32)
        if len(codes) > width:
            drawn = generator(0, "directions", str(cells.name)).standard_normal((len(codes), width))
            directions = (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)
        nowhere = np.zeros((1, width), dtype=np.float32)
        places = np.array([codes.get(cell, -1) for cell in cells], dtype=np.intp)
        return np.asarray(np.concatenate([directions, nowhere])[places] / np.float32(np.sqrt(2)))

    def nearest(self, points: Coordinates) -> tuple[NDArray[np.intp], Coordinates]:
        """(m,) the nearest candidate of each point, and how far it is."""
        places, distances = np.empty(len(points), dtype=np.intp), np.empty(len(points), dtype=np.float32)
        for first in range(0, len(points), BLOCK):
            block = slice(first, first + BLOCK)
            squares = self._squares(points[block])
            places[block] = squares.argmin(axis=1)
            distances[block] = np.sqrt(squares.min(axis=1).clip(0))
        return places, distances

    def room(self, rows: NDArray[np.intp]) -> Coordinates:
        """(r,) from each of these candidates to the nearest other one."""
        found = np.empty(len(rows), dtype=np.float32)
        for first in range(0, len(rows), BLOCK):
            block = rows[first : first + BLOCK]
            squares = self._squares(self._points[block])
            squares[np.arange(len(block)), block] = np.inf
            found[first : first + BLOCK] = np.sqrt(squares.min(axis=1).clip(0))
        return found

    def _squares(self, points: Coordinates) -> Coordinates:
        norms = (self._points**2).sum(axis=1) + (points**2).sum(axis=1)[:, None]
        return np.asarray(norms - 2 * points @ self._points.T)


def _numbers(cells: pd.Series, domain: Scale) -> Coordinates:
    centre = (domain.low + domain.high) / 2
    numbers = cells.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.nan_to_num((numbers - centre) / domain.deviation).astype(np.float32)[:, None]
