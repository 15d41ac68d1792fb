"""Seeds derive from the audit's seed and fixed labels only, never from ids, time or the order of work."""

import hashlib

import numpy as np


def derive(seed: int, *labels: str | int) -> int:
    """A 63-bit seed that depends on nothing but its arguments."""
    text = "\x1f".join([str(seed), *map(str, labels)])
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


def generator(seed: int, *labels: str | int) -> np.random.Generator:
    return np.random.default_rng(derive(seed, *labels))
