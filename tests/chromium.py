"""A Chromium that drives the pages: found on the path, or told how to get one."""

import os
import shutil
from contextlib import contextmanager

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
HOW = "Chromium is not on the path: install it (for example `apt-get install chromium`) to run the tests of the pages."
SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
SWITCHES += ["--disable-component-update", "--disable-sync"]


def find() -> str:
    """Its path. On CI a missing browser fails; elsewhere it skips with the sentence how to get it."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is not None:
        return path
    if os.environ.get("CI") == "true":
        pytest.fail(HOW)
    return pytest.skip(HOW)


@contextmanager
def browser():
    from playwright.sync_api import sync_playwright

    path = find()
    with sync_playwright() as play:
        running = play.chromium.launch(executable_path=path, args=SWITCHES)
        try:
            yield running
        finally:
            running.close()
