"""Pictures of reconstructions for the pages of class-inversion and mi-face: digits, which come with scikit-learn, and faces (AT&T,
read below $AUDITOR_SHARED_DATA as `benchmarks.inversion` does; left out where they are not there).

`python -m benchmarks pictures` writes docs/img/class-inversion.png, docs/img/mi-face.png and docs/img/faces.png. Each column is a
class; rows, from the top: mean of the members, reconstruction (of faces two: softmax, network), guess without the model; all on the
same range of grey.
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
from benchmarks.inversion import FACE_ATTACK, FACES, Scene, face_scenes, surest

OUT = Path(__file__).parents[1] / "docs" / "img"
DIGIT, FACE = (8, 8), (28, 23)  # rows and columns of cells
PERSONS = 4  # of the 20: they are real people
GAP = 6
PAPER = 255
Floats = NDArray[np.float64]


def main() -> None:
    scene = digits()
    written("class-inversion", [means(scene), *with_all_records(ClassInversion(queries=2_000), scene)], DIGIT, 6)
    written("mi-face", [means(scene), *without_records_of_the_class(MIFace(), scene)], DIGIT, 6)
    if FACES.is_file():
        written("faces", [row[:PERSONS] for row in of_faces()], FACE, 2)
    else:
        print("the faces are left out: put att_faces.npz below $AUDITOR_SHARED_DATA/att-faces")


def of_faces() -> list[Floats]:
    """(20, d) each: means, reconstructions from each target, and the guess, which is the mean of strangers."""
    scenes = face_scenes()
    rebuilt = [with_all_records(FACE_ATTACK, scene) for scene in scenes.values()]
    return [means(next(iter(scenes.values()))), *(found for found, _ in rebuilt), rebuilt[0][1]]


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


def written(name: str, rows: list[Floats], shape: tuple[int, int], cell: int) -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / f"{name}.png").write_bytes(png(grid(rows, shape, cell)))


def grid(rows: list[Floats], shape: tuple[int, int], cell: int) -> NDArray[np.uint8]:
    """Rows of pictures (C, d) in 0..1 of this shape -> one image, each cell a square of so many pixels, on white."""
    high, wide = (side * cell for side in shape)
    image = np.full((len(rows) * (high + GAP) - GAP, len(rows[0]) * (wide + GAP) - GAP), PAPER, dtype=np.uint8)
    for i, row in enumerate(rows):
        for j, cells in enumerate(row):
            levels = np.round(255 * np.clip(cells, 0, 1)).astype(np.uint8).reshape(shape)
            top, left = i * (high + GAP), j * (wide + GAP)
            image[top : top + high, left : left + wide] = levels.repeat(cell, axis=0).repeat(cell, axis=1)
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
