"""Progress of an audit: a bar on a terminal, a line now and then everywhere else."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from auditor.domain.audit import Progress
from auditor.report.numbers import duration

Show = Callable[[Progress], None]

QUIET_SECONDS = 10.0


@contextmanager
def shown_progress(console: Console) -> Iterator[Show]:
    """Gives a function that shows how far an audit is."""
    if not console.is_terminal:
        yield Lines(console)
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Bar(*columns, TextColumn("{task.fields[eta]}"), console=console, transient=True) as bar:
        task = bar.add_task("starting", total=1.0, eta="")
        yield lambda progress: bar.update(
            task, completed=progress.fraction, description=progress.doing or "finishing", eta=eta(progress)
        )


class Lines:
    """A line when the work changes, and otherwise every ten seconds: logs of a CI job stay short."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._clock = clock
        self._said = ""
        self._at = float("-inf")

    def __call__(self, progress: Progress) -> None:
        doing = progress.doing or "finishing"
        if doing == self._said and self._clock() - self._at < QUIET_SECONDS:
            return
        self._said, self._at = doing, self._clock()
        rest = eta(progress)
        self._console.print(f"{progress.fraction:4.0%}  {doing}{', ' + rest if rest else ''}", highlight=False, markup=False)


def eta(progress: Progress) -> str:
    return "" if progress.eta_seconds is None else f"about {duration(progress.eta_seconds)} left"
