"""A hundred killed workers on SQLite; a file of its own, so that both databases are tested side by side."""

from pathlib import Path

from chaos import killed_workers_and_lost_messages_change_nothing
from services import fresh_sqlite


def test_killed_workers_and_lost_messages_change_nothing(tmp_path: Path) -> None:
    with fresh_sqlite(tmp_path) as url:
        killed_workers_and_lost_messages_change_nothing(url, tmp_path)
