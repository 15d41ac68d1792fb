"""The vault: what is sealed opens only with its key, in its place; the key is found, made, and never readable by others."""

import base64
import os
import stat
import threading

import pytest

from auditor.errors import InvalidInput, Unavailable
from auditor.settings import Settings
from auditor.store.vault import KEY_BYTES, Vault

KEY = bytes(range(32))
PLACE = "secret|workspace|id|models.example.com"


def settings(home, master_key=None):
    return Settings(home=home, database_url="sqlite:///x", broker_url="filesystem://", master_key=master_key)


class TestSealing:
    @pytest.mark.parametrize("plain", ["token", "", "pässwörd ✓", "x" * 10_000])
    def test_what_is_sealed_opens_again(self, plain):
        vault = Vault(KEY)
        assert vault.open(vault.seal(plain, PLACE), PLACE) == plain

    def test_no_two_seals_are_alike(self):
        assert len({Vault(KEY).seal("token", PLACE) for _ in range(50)}) == 50

    def test_the_seal_shows_nothing_of_what_is_in_it(self):
        assert b"token" not in Vault(KEY).seal("token", PLACE)

    @pytest.mark.parametrize(
        "elsewhere",
        [
            "secret|other|id|models.example.com",
            "secret|workspace|other|models.example.com",
            "secret|workspace|id|evil.example.com",
            "target|workspace|id|models.example.com",
            "",
        ],
    )
    def test_it_opens_nowhere_else(self, elsewhere):
        vault = Vault(KEY)
        with pytest.raises(Unavailable):
            vault.open(vault.seal("token", PLACE), elsewhere)

    def test_another_key_does_not_open_it(self):
        with pytest.raises(Unavailable, match="AUDITOR_MASTER_KEY"):
            Vault(bytes(32)).open(Vault(KEY).seal("token", PLACE), PLACE)

    @pytest.mark.parametrize("index", [1, 12, 13, -1])
    def test_a_changed_byte_is_noticed(self, index):
        vault = Vault(KEY)
        sealed = bytearray(vault.seal("token", PLACE))
        sealed[index] ^= 1
        with pytest.raises(Unavailable):
            vault.open(bytes(sealed), PLACE)

    @pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x01" * 13, b"\x01" * 28])
    def test_rubbish_does_not_open(self, sealed):
        with pytest.raises(Unavailable):
            Vault(KEY).open(sealed, PLACE)

    @pytest.mark.parametrize("length", [0, 16, 31, 33])
    def test_a_key_of_another_length_is_a_mistake(self, length):
        with pytest.raises(ValueError, match="32 bytes"):
            Vault(bytes(length))


class TestTheMasterKey:
    def test_the_setting_is_used_and_no_file_is_made(self, tmp_path):
        loaded = Vault.load(settings(tmp_path, base64.b64encode(KEY).decode() + "\n"))
        assert loaded.open(Vault(KEY).seal("token", PLACE), PLACE) == "token"
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("text", ["", "short", "not base64 at all!", base64.b64encode(bytes(16)).decode(), "ü" * 44])
    def test_a_setting_that_is_no_key_says_how_to_make_one(self, tmp_path, text):
        with pytest.raises(InvalidInput, match="openssl rand") as caught:
            Vault.load(settings(tmp_path, text))
        assert caught.value.field == "AUDITOR_MASTER_KEY"

    def test_without_it_a_file_is_made_once(self, tmp_path):
        first, second = Vault.load(settings(tmp_path / "home")), Vault.load(settings(tmp_path / "home"))
        assert second.open(first.seal("token", PLACE), PLACE) == "token"
        assert [path.name for path in (tmp_path / "home").iterdir()] == ["master.key"]

    def test_only_its_owner_can_read_it(self, tmp_path):
        old = os.umask(0)
        try:
            Vault.load(settings(tmp_path / "home"))
        finally:
            os.umask(old)
        assert stat.S_IMODE((tmp_path / "home" / "master.key").stat().st_mode) == 0o600
        assert stat.S_IMODE((tmp_path / "home").stat().st_mode) == 0o700

    def test_two_homes_have_two_keys(self, tmp_path):
        sealed = Vault.load(settings(tmp_path / "a")).seal("token", PLACE)
        with pytest.raises(Unavailable):
            Vault.load(settings(tmp_path / "b")).open(sealed, PLACE)

    def test_the_file_holds_32_random_bytes(self, tmp_path):
        Vault.load(settings(tmp_path))
        key = base64.b64decode((tmp_path / "master.key").read_text())
        assert len(key) == KEY_BYTES
        assert len(set(key)) > 8

    def test_processes_that_start_together_agree_on_one_key(self, tmp_path):
        vaults, gate = [], threading.Barrier(8)

        def load():
            gate.wait()
            vaults.append(Vault.load(settings(tmp_path)))

        threads = [threading.Thread(target=load) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        sealed = vaults[0].seal("token", PLACE)
        assert [vault.open(sealed, PLACE) for vault in vaults] == ["token"] * 8
        assert [path.name for path in tmp_path.iterdir()] == ["master.key"]

    def test_a_damaged_file_is_named(self, tmp_path):
        (tmp_path / "master.key").write_bytes(b"\xff\x00damaged")
        with pytest.raises(InvalidInput) as caught:
            Vault.load(settings(tmp_path))
        assert caught.value.field == str(tmp_path / "master.key")

    def test_a_home_that_cannot_be_made_is_one_sentence(self, tmp_path):
        (tmp_path / "taken").write_text("")
        with pytest.raises(Unavailable, match=r"master\.key"):
            Vault.load(settings(tmp_path / "taken"))
