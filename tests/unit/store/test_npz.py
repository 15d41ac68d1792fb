"""Arrays as bytes: the same arrays give the same bytes, and no object goes in or out."""

import io
import pickle
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from auditor.store import npz

TYPES = st.sampled_from([np.float64, np.float32, np.int64, np.uint8, np.bool_])
ARRAYS = st.dictionaries(
    st.text("abcdefgh_0", min_size=1, max_size=8),
    TYPES.flatmap(lambda kind: arrays_of.arrays(kind, arrays_of.array_shapes(min_dims=0, min_side=0, max_side=5))),
    max_size=4,
)


@given(ARRAYS)
def test_they_come_back_bit_for_bit(arrays):
    found = npz.unpacked(npz.packed(arrays))
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert (found[name].dtype, found[name].shape, found[name].tobytes()) == (array.dtype, array.shape, array.tobytes())


@given(ARRAYS)
def test_order_does_not_matter(arrays):
    assert npz.packed(dict(reversed(arrays.items()))) == npz.packed(arrays)


def test_the_clock_does_not_matter():
    before = npz.packed({"x": np.arange(5)})
    time.sleep(2.1)  # a zip keeps times in steps of two seconds
    assert npz.packed({"x": np.arange(5)}) == before


def test_other_arrays_give_other_bytes():
    assert npz.packed({"x": np.arange(5)}) != npz.packed({"x": np.arange(5.0)})
    assert npz.packed({"x": np.arange(5)}) != npz.packed({"y": np.arange(5)})


def test_other_programs_can_read_them():
    with np.load(io.BytesIO(npz.packed({"x": np.arange(3), "file": np.zeros(2)}))) as archive:
        assert archive["x"].tolist() == [0, 1, 2]
        assert archive["file"].tolist() == [0.0, 0.0]


def test_a_view_is_stored_by_its_values():
    square = np.arange(9).reshape(3, 3)
    assert npz.unpacked(npz.packed({"x": square.T[::2]}))["x"].tolist() == [[0, 3, 6], [2, 5, 8]]


@pytest.mark.parametrize("array", [np.array([None]), np.array(["a", {}], dtype=object), np.zeros(2, dtype=[("a", object)])])
def test_objects_do_not_go_in(array):
    with pytest.raises(ValueError, match="allow_pickle"):
        npz.packed({"x": array})


def test_a_pickle_does_not_come_out():
    class Loud:
        def __reduce__(self):
            return (pytest.fail, ("a pickle was opened",))

    with pytest.raises(ValueError, match="pickle"):
        npz.unpacked(pickle.dumps(Loud()))
    buffer = io.BytesIO()
    np.savez(buffer, x=np.array([Loud()], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle"):
        npz.unpacked(buffer.getvalue())
