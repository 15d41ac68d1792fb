"""Channels that say less: what the target, and every shadow model, would answer through a defence of the output."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from auditor.domain.target import Output, Profile
from auditor.shadows.pool import as_shown

Floats = NDArray[np.float64]
Keys = NDArray[np.uint64]

LAPLACE, GAUSSIAN = "laplace", "gaussian"


@dataclass(frozen=True)
class Channel:
    """What is done to probabilities before they are answered, in this order: `temperature` T (p^(1/T), scaled to sum to 1), noise
    of `scale` on each probability (cut to [0, 1] and scaled to sum to 1), `decimals`, then only the `top` classes, or the label."""

    name: str
    labels: bool = False
    top: int = 0
    decimals: int | None = None
    temperature: float = 1.0
    noise: str = ""
    scale: float = 0.0

    @property
    def needs_all_classes(self) -> bool:
        """Probabilities can be changed only where all of them are known."""
        return bool(self.noise) or self.temperature != 1.0

    def profile(self, told: Profile) -> Profile:
        """What the probe would measure of a target with this profile behind the channel.

        Noise leaves fewer decimals that mean something: those of half a unit up to its scale, which also is where an adversary who
        knows of the noise clips.
        """
        if self == AS_IT_IS:
            return told
        top = min(self.top or told.top, told.top or self.top)
        output = Output.LABELS if self.labels else Output.TOP_K if top else Output.PROBABILITIES
        known = [d for d in (told.decimals, self.decimals, self._meaningful) if d is not None]
        return replace(told, output=output, decimals=min(known, default=None), top=top)

    @property
    def _meaningful(self) -> int | None:
        return max(1, round(-float(np.log10(2 * self.scale)))) if self.noise else None


AS_IT_IS = Channel("as it is")
CHANNELS: tuple[Channel, ...] = (
    Channel("labels only", labels=True),
    Channel("top 1", top=1),
    Channel("top 3", top=3),
    *(Channel(f"{d} decimal{'s' if d > 1 else ''}", decimals=d) for d in (3, 2, 1)),
    Channel("top 1, 1 decimal", top=1, decimals=1),
    *(Channel(f"temperature {t:g}", temperature=t) for t in (2.0, 5.0, 10.0)),
    *(Channel(f"{kind} noise {s:g}", noise=kind, scale=s) for kind in (LAPLACE, GAUSSIAN) for s in (0.01, 0.05, 0.1)),
)


def fewer(told: Profile) -> tuple[Channel, ...]:
    """The channels that say less than a target with this profile does; none for labels and for values."""
    if told.output in (Output.LABELS, Output.VALUE):
        return ()
    return tuple(channel for channel in CHANNELS if _says_less(channel, told))


def _says_less(channel: Channel, told: Profile) -> bool:
    shown = told.top if told.output is Output.TOP_K and told.top else len(told.classes)
    if channel.needs_all_classes:
        return told.output is not Output.TOP_K
    finer = channel.decimals is None or told.decimals is None or channel.decimals < told.decimals
    return finer and (not channel.top or channel.top < shown)


def through(channel: Channel, answers: Floats, told: Profile, noise: Floats | None = None) -> Floats:
    """Answers (..., n, C) of a target with profile `told`, as the channel shows them. `noise`: of unit scale, in the same shape."""
    if channel == AS_IT_IS:
        return answers
    shown = _tempered(answers, channel.temperature)
    if channel.noise:
        if noise is None:
            raise ValueError("a channel with noise needs its draws")
        shown = _summing_to_one(np.clip(shown + channel.scale * noise, 0.0, 1.0))
    if channel.labels:
        shown = np.nan_to_num(shown, nan=-1.0)  # what was not returned is not the label
    return as_shown(shown, replace(channel.profile(told), decimals=channel.decimals))


def drawn(kind: str, keys: Keys, stream: int, classes: int) -> Floats:
    """Noise of unit scale (n, C), Laplace or Gaussian: a fixed function of each record's key and of the stream (one a model), so
    that asking again, or in another order, averages nothing out."""
    counters = keys[:, None] + _mixed(np.uint64(stream) + np.arange(1, classes + 1, dtype=np.uint64) * _GOLDEN)
    uniform = (np.right_shift(_mixed(_mixed(counters)), np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
    if kind == GAUSSIAN:
        return np.asarray(ndtri(uniform))
    centred = uniform - 0.5
    return np.asarray(-np.sign(centred) * np.log1p(-2 * np.abs(centred)))


_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def _mixed(state: Keys) -> Keys:
    """The finaliser of SplitMix64 (Steele, Lea and Flood 2014): 64 bits to 64 bits, every bit of the result from every bit."""
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(state ^ (state >> np.uint64(31)))


def _tempered(probabilities: Floats, temperature: float) -> Floats:
    return probabilities if temperature == 1.0 else _summing_to_one(probabilities ** (1.0 / temperature))


def _summing_to_one(weights: Floats) -> Floats:
    """Scaled to sum to 1; where everything is 0, every class alike."""
    total = weights.sum(axis=-1, keepdims=True)
    return np.where(total > 0, weights / np.where(total > 0, total, 1.0), 1.0 / weights.shape[-1])
