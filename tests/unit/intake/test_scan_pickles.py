"""What a pickle would run is told, and is not run."""

import base64
import io
import os
import pickle
import random
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.domain.finding import Outcome
from auditor.intake.scan import Kind, Limits, ScanReport, scan


class Runs:
    """Pickles to a call of `function`."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.made_of = (function, arguments)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self.made_of


@pytest.fixture
def look(tmp_path: Path) -> Callable[..., ScanReport]:
    def looked(data: bytes, **options: Any) -> ScanReport:
        path = tmp_path / "model"
        path.write_bytes(data)
        return scan(path, **options)

    return looked


def kinds(report: ScanReport) -> set[Kind]:
    return {s.kind for s in report.sightings}


def text(value: str) -> bytes:
    return b"\x8c" + bytes([len(value)]) + value.encode()


class TestWhatRuns:
    @pytest.mark.parametrize("protocol", range(6))
    def test_a_command_is_shown_and_not_run(
        self, look: Callable[..., ScanReport], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, protocol: int
    ) -> None:
        monkeypatch.chdir(tmp_path)
        report = look(pickle.dumps({"model": Runs(os.system, "touch trace")}, protocol))
        assert report.outcome is Outcome.BREACH
        assert report.runs() == (f"{os.system.__module__}.system('touch trace')",)
        assert not (tmp_path / "trace").exists()
        assert report.runs()[0] in report.refusal()
        assert "skops" in report.refusal()

    @pytest.mark.parametrize(
        ("data", "runs"),
        [
            (b"(S'id'\nios\nsystem\n.", "os.system('id')"),
            (b"(cos\nsystem\nS'id'\no.", "os.system('id')"),
            (b"cos\nsystem\n(S'id'\ntR.", "os.system('id')"),
            (b"\x80\x02cos\nsystem\nU\x02id\x85R.", "os.system('id')"),
            (b"\x80\x04" + text("os") + text("system") + b"\x93" + text("id") + b"\x85\x81.", "os.system.__new__('id')"),
            (b"\x80\x02ccommands\ngetoutput\nU\x02id\x85R.", "subprocess.getoutput('id')"),
            (b"\x80\x02c__builtin__\neval\nU\x011\x85R.", "builtins.eval('1')"),
            (b"\x80\x04cshutil\nos.system\n" + text("id") + b"\x85R.", "shutil.os.system('id')"),
            (b"\x80\x04csklearn.datasets._base\nos.system\n" + text("id") + b"\x85R.", "sklearn.datasets._base.os.system('id')"),
            (
                b"\x80\x04cnumpy._core\n_ufunc_reconstruct\n" + text("os") + text("system") + b"\x86R" + text("id") + b"\x85R.",
                "os.system('id')",
            ),
            (b"\x80\x04cwebbrowser\nopen\n" + text("http://x") + b"\x85R.", "webbrowser.open('http://x')"),
            (b"\x80\x04crunpy\nrun_path\n" + text("x.py") + b"\x85R.", "runpy.run_path('x.py')"),
            (b"\x80\x04cpip\nmain\n]" + text("install") + b"a\x85R.", "pip.main(['install'])"),
            (b"\x80\x04csklearn.datasets._openml\nGzipFile\n" + text("f") + text("w") + b"\x86R.", "GzipFile('f', 'w')"),
        ],
    )
    def test_every_way_to_a_call(self, look: Callable[..., ScanReport], data: bytes, runs: str) -> None:
        report = look(data)
        assert report.outcome is Outcome.BREACH
        assert any(runs in expression for expression in report.runs())

    @pytest.mark.parametrize(
        ("made", "stops"),
        [
            (b"csklearn.tree._classes\nDecisionTreeClassifier\n)\x81", True),
            (b"K\x07", True),
            (b"cnumpy\nobject_\n" + text("os") + b"\x85\x81", False),  # gives the text back
            (b"csome.where\nThing\n)\x81", False),
            (b"cbuiltins\nstr\n" + text("os") + b"\x85R", False),
        ],
    )
    def test_a_name_that_is_no_text_ends_it_and_one_that_may_be_is_told(
        self, look: Callable[..., ScanReport], made: bytes, stops: bool
    ) -> None:
        report = look(b"\x80\x04" + made + text("system") + b"\x93" + text("id") + b"\x85R.")
        assert (report.outcome is Outcome.BREACH) is not stops
        assert (Kind.UNREAD in kinds(report)) is stops

    def test_a_chain_is_one_expression_and_its_coded_text_is_read(self, look: Callable[..., ScanReport]) -> None:
        code = base64.b64encode(b"import os; os.abort()")
        (told,) = [s for s in look(pickle.dumps(Runs(exec, Runs(base64.b64decode, code)))).sightings if s.kind is Kind.RUNS]
        assert told.expression == f"builtins.exec(base64.b64decode({code!r}))"
        assert "import os; os.abort()" in told.sentence

    def test_a_name_put_together_while_loading(self, look: Callable[..., ScanReport]) -> None:
        joined = text("o") + text("s") + b"\x86"
        report = look(b"\x80\x04cbuiltins\nstr\n" + joined + b"R" + text("system") + b"\x93.")
        assert report.outcome is Outcome.BREACH

    def test_a_name_kept_in_the_memo(self, look: Callable[..., ScanReport]) -> None:
        report = look(b"\x80\x04" + text("os") + b"\x940" + text("system") + b"\x940h\x00h\x01\x93" + text("id") + b"\x85R.")
        assert report.runs() == ("os.system('id')",)

    def test_what_ran_before_the_pickle_breaks_off_is_told(self, look: Callable[..., ScanReport]) -> None:
        report = look(b"\x80\x04cos\nsystem\n" + text("id") + b"\x85R\xff")
        assert report.runs() == ("os.system('id')",)
        assert Kind.UNREAD in kinds(report)

    def test_a_second_pickle_and_bytes_behind_the_last(self, look: Callable[..., ScanReport]) -> None:
        report = look(pickle.dumps([1]) + pickle.dumps(Runs(os.system, "id")) + b"\xff\xff")
        assert "system('id')" in report.runs()[0]
        assert Kind.IRREGULAR in kinds(report)

    def test_a_pickle_that_the_pickle_loads(self, look: Callable[..., ScanReport]) -> None:
        inner = pickle.dumps(Runs(os.system, "id"))
        assert any("system('id')" in run for run in look(pickle.dumps(Runs(pickle.loads, inner))).runs())

    def test_a_pickle_carried_as_data_is_told_apart(self, look: Callable[..., ScanReport]) -> None:
        report = look(pickle.dumps({"data": pickle.dumps(Runs(os.system, "id"))}))
        assert report.outcome is Outcome.INCONCLUSIVE
        assert Kind.UNKNOWN in kinds(report)

    def test_the_text_that_a_distribution_of_scipy_runs(self, look: Callable[..., ScanReport]) -> None:
        import scipy.stats

        assert kinds(look(pickle.dumps([scipy.stats.norm(0, 1), scipy.stats.binom, scipy.stats.beta]))) == {Kind.FORMAT}
        crafted = type(scipy.stats.norm)(name="norm")
        crafted._parse_arg_template = "import os"
        assert look(pickle.dumps(crafted)).runs() == ("builtins.exec('import os')",)

    def test_altering_a_class_for_the_whole_program(self, look: Callable[..., ScanReport]) -> None:
        report = look(b"\x80\x04csklearn.tree._tree\nTree\nN}" + text("predict") + b"Ns\x86b.")
        assert report.outcome is Outcome.BREACH


class TestWhatDoesNot:
    def test_a_custom_class_is_unknown(self, look: Callable[..., ScanReport]) -> None:
        report = look(b"\x80\x04cacme.features\nScaler\n)\x81.")
        assert report.outcome is Outcome.INCONCLUSIVE
        assert any(s.expression == "acme.features.Scaler" or "acme.features.Scaler" in s.sentence for s in report.sightings)

    @pytest.mark.parametrize("protocol", range(6))
    def test_a_model_of_scikit_learn_is_only_what_it_is(self, look: Callable[..., ScanReport], protocol: int) -> None:
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import FunctionTransformer, StandardScaler

        model = make_pipeline(FunctionTransformer(np.log1p), StandardScaler(), LogisticRegression())
        model.fit(np.arange(8.0).reshape(4, 2), [0, 1, 0, 1])
        report = look(pickle.dumps(model, protocol))
        assert kinds(report) == {Kind.FORMAT}
        assert report.outcome is Outcome.INCONCLUSIVE
        assert report.executes

    def test_extension_codes_and_persistent_ids(self, look: Callable[..., ScanReport]) -> None:
        assert Kind.UNKNOWN in kinds(look(b"\x80\x02\x82\x05."))
        assert Kind.OUTSIDE in kinds(look(b"\x80\x02K\x01Q."))


class TestLimits:
    def test_expressions_without_end_are_cut(self, look: Callable[..., ScanReport]) -> None:
        twice = b"2\x86" * 60  # each pair holds the last one twice
        report = look(b"\x80\x04cos\nsystem\nK\x01" + twice + b"R.")
        assert len(report.runs()[0]) < 1000

    def test_too_many_instructions(self, look: Callable[..., ScanReport]) -> None:
        report = look(pickle.dumps(list(range(1000))), limits=Limits(opcodes=500))
        assert Kind.UNREAD in kinds(report)
        assert report.outcome is Outcome.INCONCLUSIVE

    def test_huge_numbers_and_lengths(self, look: Callable[..., ScanReport]) -> None:
        assert look(b"\x80\x04\x8e" + struct.pack("<Q", 2**62) + b"x.").outcome is Outcome.INCONCLUSIVE
        assert "bits" in look(b"\x80\x04cos\nsystem\n" + pickle.dumps(1 << 40_000)[2:][9:-1] + b"\x85R.").runs()[0]


def arrays() -> bytes:
    import joblib

    file = io.BytesIO()
    joblib.dump(
        {"a": np.arange(7.0), "o": np.array(["x", None], dtype=object), "u": np.array(["ab"]), "b": np.ones((2, 3), "i2")}, file
    )
    return file.getvalue()


class TestJoblib:
    def test_arrays_between_instructions(self, look: Callable[..., ScanReport]) -> None:
        report = look(arrays())
        assert report.format == "joblib pickle"
        assert kinds(report) == {Kind.FORMAT}

    def test_a_model_with_text_labels_and_named_features(self, look: Callable[..., ScanReport]) -> None:
        """The array of texts is a pickle within: the plain interpreter stops at its first import, whose names it finds wrong."""
        import joblib
        import pandas as pd
        from sklearn.tree import DecisionTreeClassifier

        model = DecisionTreeClassifier().fit(pd.DataFrame({"a": [0.0, 1.0]}), np.array(["no", "yes"], dtype=object))
        file = io.BytesIO()
        joblib.dump(model, file)
        assert kinds(look(file.getvalue())) == {Kind.FORMAT}

    def test_what_stands_behind_and_within_arrays(self, look: Callable[..., ScanReport]) -> None:
        import joblib

        for value in ({"a": np.arange(9), "z": Runs(os.system, "id")}, np.array([Runs(os.system, "id")], dtype=object)):
            file = io.BytesIO()
            joblib.dump(value, file)
            assert "system('id')" in look(file.getvalue()).runs()[0]

    def test_an_array_that_the_plain_interpreter_would_run(self, look: Callable[..., ScanReport]) -> None:
        import joblib

        code = b"0cos\nsystem\n(S'id'\ntR."  # numbers for joblib, instructions for pickle
        file = io.BytesIO()
        joblib.dump(np.frombuffer(code, dtype="u1"), file)
        crafted = file.getvalue().replace(b"numpy_array_alignment_bytes", b"xumpy_array_alignment_bytes")
        start = crafted.index(code)
        padding = crafted[crafted.rindex(b"b", 0, start) + 1 : start]
        report = look(crafted[: start - len(padding)] + crafted[start:])
        assert report.runs() == ("os.system('id')",)


BENIGN = (
    pickle.dumps({"a": [1, 2.5, "x", b"y"], "b": Runs(complex, 1, 2), "c": np.arange(4)}),
    arrays(),
    b"cos\nsystem\n(S'id'\ntR.",
)


class TestMutations:
    @settings(max_examples=300, deadline=None)
    @given(seed=st.integers(0, 2**32), which=st.integers(0, 2), edits=st.integers(1, 12))
    def test_no_bytes_crash_it_or_run(self, tmp_path_factory: pytest.TempPathFactory, seed: int, which: int, edits: int) -> None:
        draw, data = random.Random(seed), bytearray(BENIGN[which])
        for _ in range(edits):
            at = draw.randrange(len(data))
            data[at : at + draw.choice((0, 1, 1, 3))] = draw.randbytes(draw.choice((0, 1, 1, 2)))
        before = set(sys.modules)
        path = tmp_path_factory.getbasetemp() / "mutated"
        path.write_bytes(data or b"x")
        report = scan(path)
        assert report.outcome in (Outcome.BREACH, Outcome.INCONCLUSIVE, Outcome.PASS)
        assert not {"antigravity", "this", "webbrowser"} & (set(sys.modules) - before)
        report.as_json()
