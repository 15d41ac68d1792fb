"""Artifacts as files: whole or not at all, checked when they are read."""

import hashlib
import resource
import signal

import fsspec
import pytest

from auditor.errors import InvalidInput, NotFound, Unavailable
from auditor.store import files
from auditor.store.artifacts import Artifacts

DATA = b"log-odds" * 100
DIGEST = hashlib.sha256(DATA).hexdigest()


@pytest.fixture(params=["file", "memory"])
def url(request, tmp_path):
    if request.param == "file":
        yield f"file://{tmp_path}/artifacts"
        return
    yield "memory://artifacts"
    fsspec.filesystem("memory").store.clear()


def stored(url):
    system, path = fsspec.core.url_to_fs(url)
    return sorted(found.rsplit("/", 3)[-3:] for found in system.find(path))


def test_what_was_written_is_read(url):
    assert files.read(files.write(url, "workspace", DIGEST, DATA), DIGEST) == DATA


def test_a_file_is_named_by_workspace_and_digest_and_nothing_else_is_left(url):
    files.write(url + "/", "workspace", DIGEST, DATA)
    ((workspace, folder, name),) = stored(url)
    assert (workspace, folder, name.split(".")[0]) == ("workspace", DIGEST[:2], DIGEST)


def test_what_is_written_again_is_a_file_of_its_own(url):
    """So that removing the first, at the same moment, takes nothing from the second."""
    first, second = files.write(url, "workspace", DIGEST, DATA), files.write(url, "workspace", DIGEST, DATA)
    files.remove(first)
    assert files.read(second, DIGEST) == DATA
    assert len(stored(url)) == 1


def test_a_write_that_a_full_disk_breaks_off_leaves_nothing(tmp_path):
    usual, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, most))
    try:
        with pytest.raises(Unavailable, match="free space"):
            files.write(f"file://{tmp_path}/artifacts", "workspace", DIGEST, DATA)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (usual, most))
        signal.signal(signal.SIGXFSZ, before)
    assert stored(f"file://{tmp_path}/artifacts") == []


def test_a_removed_file_is_gone_and_removing_it_again_is_fine(url):
    location = files.write(url, "workspace", DIGEST, DATA)
    files.remove(location)
    files.remove(location)
    with pytest.raises(NotFound):
        files.read(location, DIGEST)
    assert stored(url) == []


def test_bytes_that_do_not_have_their_digest_are_not_handed_out(url):
    location = files.write(url, "workspace", DIGEST, DATA[:-1])
    with pytest.raises(Unavailable, match="damaged"):
        files.read(location, DIGEST)


def test_a_path_that_is_taken_says_which_setting_to_look_at(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(Unavailable, match="AUDITOR_ARTIFACTS_URL"):
        files.write(f"file://{tmp_path}/taken", "workspace", DIGEST, DATA)


def test_reading_where_a_folder_stands_is_a_refusal(tmp_path):
    with pytest.raises(Unavailable):
        files.read(f"file://{tmp_path}", DIGEST)


@pytest.mark.parametrize("url", ["gopher://x/y", "nonsense://"])
def test_an_unknown_kind_of_url_names_its_setting(url):
    for use in (lambda: files.check(url), lambda: files.write(url, "workspace", DIGEST, DATA), lambda: Artifacts(url)):
        with pytest.raises(InvalidInput) as caught:
            use()
        assert caught.value.field == "AUDITOR_ARTIFACTS_URL"
