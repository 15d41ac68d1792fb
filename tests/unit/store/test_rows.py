"""Names, ids and column types: what goes into a row and what comes out of it."""

import uuid
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql, sqlite

from auditor.domain.audit import AuditStatus, StepStatus
from auditor.errors import InvalidInput
from auditor.store.column_types import UtcTime, Word
from auditor.store.rows import checked_name, new_id

SQLITE, POSTGRES = sqlite.dialect(), postgresql.dialect()


class TestIds:
    def test_they_are_uuids_of_version_seven(self):
        assert uuid.UUID(new_id()).version == 7

    def test_they_sort_by_the_time_they_were_made(self):
        made = [new_id() for _ in range(2000)]
        assert made == sorted(made)
        assert len(set(made)) == 2000


class TestNames:
    @pytest.mark.parametrize("name", ["income", "Größe ≤ 5", "x" * 200, "a b", "名前"])
    def test_what_people_can_read_is_a_name(self, name):
        assert checked_name(name) == name

    def test_blanks_around_it_are_taken_away(self):
        assert checked_name("  income ") == "income"

    @pytest.mark.parametrize("name", ["", " ", "a\x00b", "a\nb", "a\u202eb", "\udc80", "x" * 201])
    def test_what_they_cannot_is_refused(self, name):
        with pytest.raises(InvalidInput) as caught:
            checked_name(name, "target.name")
        assert caught.value.field == "target.name"


class TestTimes:
    @given(st.datetimes(), st.integers(-720, 840))
    def test_a_moment_is_the_same_afterwards_and_in_utc(self, naive, minutes):
        column = UtcTime()
        try:
            moment = naive.replace(tzinfo=timezone(timedelta(minutes=minutes)))
            expected = moment.astimezone(UTC)
        except OverflowError:
            return
        stored = column.process_bind_param(moment, SQLITE)
        # SQLite drops the zone, PostgreSQL gives its own.
        assert column.process_result_value(stored.replace(tzinfo=None), SQLITE) == expected
        assert column.process_result_value(moment, POSTGRES) == expected
        assert column.process_result_value(moment, POSTGRES).utcoffset() == timedelta(0)

    def test_no_moment_is_none(self):
        assert UtcTime().process_bind_param(None, SQLITE) is None
        assert UtcTime().process_result_value(None, SQLITE) is None

    def test_a_moment_without_a_zone_is_a_mistake(self):
        with pytest.raises(ValueError, match="aware"):
            UtcTime().process_bind_param(datetime(2026, 3, 2), SQLITE)


class TestWords:
    @pytest.mark.parametrize("status", list(AuditStatus))
    def test_a_word_comes_back_as_its_enum(self, status):
        column = Word(AuditStatus)
        stored = column.process_bind_param(status, SQLITE)
        assert (type(stored), column.process_result_value(stored, SQLITE)) == (str, status)

    def test_its_text_is_good_enough(self):
        assert Word(AuditStatus).process_bind_param("failed", SQLITE) == "failed"

    def test_a_word_of_another_vocabulary_is_a_mistake(self):
        with pytest.raises(ValueError, match="waiting"):
            Word(AuditStatus).process_bind_param(StepStatus.WAITING, SQLITE)

    def test_no_word_is_none(self):
        assert Word(AuditStatus).process_bind_param(None, SQLITE) is None
        assert Word(AuditStatus).process_result_value(None, SQLITE) is None
