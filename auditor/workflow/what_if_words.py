"""What a channel does, and what a defence comes to, in words."""

from typing import Any

from auditor.scoring.defences import Defence, Tried
from auditor.shadows.channels import AS_IT_IS, Channel

NONE_TRIED = "none of those tried"


def words_of(channel: Channel) -> str:
    """One sentence for whoever would have to switch it on."""
    if channel == AS_IT_IS:
        return "The target as it answered in the audit."
    if channel.labels:
        return "Only the most probable class is answered, without a probability."
    return " ".join([*_changed(channel), *_cut(channel)])


def _changed(channel: Channel) -> list[str]:
    parts = []
    if channel.temperature != 1.0:
        parts.append(f"Probabilities are raised to the power 1/{channel.temperature:g} and scaled to sum to 1.")
    if channel.noise:
        name, always = channel.noise.title(), "the same whenever a record is asked about"
        parts.append(f"{name} noise of scale {channel.scale:g} is added to each probability, {always}.")
    return parts


def _cut(channel: Channel) -> list[str]:
    parts = []
    if channel.decimals is not None:
        parts.append(f"Probabilities are rounded to {channel.decimals} decimal{'s' if channel.decimals > 1 else ''}.")
    if channel.top:
        which = "most probable class is" if channel.top == 1 else f"{channel.top} most probable classes are"
        parts.append(f"Only the {which} answered.")
    return parts


def defence_json(found: Tried, level: float | None, best: Defence | None) -> dict[str, Any]:
    """A finding that is not below the level as it is, and the cheapest channel that brings it there."""
    return {
        "attack": found.attack,
        "family": found.family,
        "outcome": None if found.outcome is None else str(found.outcome),
        "cheapest": None if best is None else best.name,
        "sentence": _sentence(found, level, best),
    }


def _sentence(found: Tried, level: float | None, best: Defence | None) -> str:
    line = "the level of the policy" if level is None else f"the level of {level:g}"
    if best is None:
        return f"{found.attack}: {NONE_TRIED} brings it below {line}."
    own = next(t for t in best.tried if t.attack == found.attack)
    shown = (
        f" (score at most {own.score_high:.1f})"
        if own.score_high is not None
        else ", where it cannot run and others do not reach it"
    )
    loss, moved = best.cost
    return (
        f"{found.attack}: {best.name} brings it below {line}{shown}; it changes the log-loss by {loss:+.3f} nats and moves "
        f"probabilities by {moved:.3f} on average."
    )


def notes_of(channels: int, is_same: bool) -> list[str]:
    """What a reader must know before the table."""
    notes = [
        "Nothing was asked of the target: recorded answers and stored shadow models were put through each channel, and the attacks "
        "were trained and calibrated anew behind it.",
        f"Verdicts behind a channel hold for all {channels} channels together (each has 1/{channels} of the error), so that "
        "the best one is no lucky one.",
        "An adversary may know attacks that are not tried here; noise, above all, may be averaged over records almost alike.",
    ]
    if not is_same:
        notes.append(
            "Run again as it is, the attacks do not claim bit for bit what they claimed in the audit: other library versions, or "
            "another machine. Read the table beside its own first row."
        )
    return notes
