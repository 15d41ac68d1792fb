"""Pictures of reconstructions for the pages of class-inversion and mi-face: digits, which come with scikit-learn.

`python -m benchmarks pictures` writes docs/img/class-inversion.png and docs/img/mi-face.png. Each column is a class; rows, from the
top: mean of the members, reconstruction, guess without the model; all on the same range of grey.
"""

import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from auditor.attacks.inversion.class_inversion import ClassInversion
from auditor.attacks.inversion.mi_face import MIFace
from auditor.domain.attack import Attack
from auditor.domain.evidence import Reconstructions
from benchmarks.inversion import Scene, surest

OUT = Path(__file__).parents[1] / "docs" / "img"
SIDE, CELL, GAP = 8, 6, 6
PAPER = 255
Floats = NDArray[np.float64]


def main() -> None:
    scene = digits()
    written("class-inversion", [means(scene), *with_all_records(ClassInversion(queries=2_000), scene)])
    written("mi-face", [means(scene), *without_records_of_the_class(MIFace(), scene)])


def digits() -> Scene:
    """The logistic target of `benchmarks.inversion`."""
    from sklearn.datasets import load_digits
    from sklearn.linear_model import LogisticRegression

    values, labels = load_digits(return_X_y=True)
    values, order = values / 16, np.random.default_rng(0).permutation(len(labels))
    members, others, auxiliary = [(values[rows], labels[rows]) for rows in (order[:900], order[900:1350], order[1350:])]
    return Scene(LogisticRegression(max_iter=500).fit(*members), members, others, auxiliary, classes=10)


def means(scene: Scene) -> Floats:
    values, labels = scene.members
    return np.stack([values[labels == label].mean(axis=0) for label in range(scene.classes)])


def with_all_records(attack: Attack, scene: Scene) -> list[Floats]:
    """(C, d) reconstructions, and guesses: the means of the auxiliary records of each class."""
    found, guess = (a.run(scene.context()) for a in (attack, ClassInversion().baseline))
    assert isinstance(found, Reconstructions)
    assert isinstance(guess, Reconstructions)
    return [surest(found), surest(guess)]


def without_records_of_the_class(attack: Attack, scene: Scene) -> list[Floats]:
    """(C, d) each class from auxiliary records of all others alone, and guesses: the mean of these."""
    values, labels = scene.auxiliary
    rebuilt, guesses = [], []
    for label in range(scene.classes):
        kept = labels != label
        found = attack.run(scene.context((values[kept], labels[kept])))
        assert isinstance(found, Reconstructions)
        rebuilt.append(surest(found)[label])
        guesses.append(values[kept].mean(axis=0))
    return [np.stack(rebuilt), np.stack(guesses)]


def written(name: str, rows: list[Floats]) -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / f"{name}.png").write_bytes(png(grid(rows)))


def grid(rows: list[Floats]) -> NDArray[np.uint8]:
    """Rows of pictures (C, d) in 0..1 -> one image, each cell a square of CELL pixels, on white."""
    side = SIDE * CELL
    shape = (len(rows) * (side + GAP) - GAP, len(rows[0]) * (side + GAP) - GAP)
    image = np.full(shape, PAPER, dtype=np.uint8)
    for i, row in enumerate(rows):
        for j, cells in enumerate(row):
            levels = np.round(255 * np.clip(cells, 0, 1)).astype(np.uint8).reshape(SIDE, SIDE)
            top, left = i * (side + GAP), j * (side + GAP)
            image[top : top + side, left : left + side] = levels.repeat(CELL, axis=0).repeat(CELL, axis=1)
    return image


def png(image: NDArray[np.uint8]) -> bytes:
    """8-bit grey (W3C PNG, third edition)."""
    lines = b"".join(b"\0" + line.tobytes() for line in image)
    head = struct.pack(">IIBBBBB", image.shape[1], image.shape[0], 8, 0, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )


if __name__ == "__main__":
    main()
