"""What was learned, on disk."""

from dataclasses import replace
import hashlib
import io
import json

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from custom_components.hems.core.learning import StoreError, features, load_learned, save_learned
from custom_components.hems.core.learning.learner import learn_load
from custom_components.hems.core.model.load_learning import LearnLoadRequest
from tests.core.learning.homes import a_history, ahead


@pytest.fixture(scope="module")
def learned():
    return learn_load(LearnLoadRequest(home="home", history=a_history(50, noise=0.1)), lambda: 0.0)


@pytest.fixture(scope="module")
def original(learned, tmp_path_factory):
    directory = tmp_path_factory.mktemp("original")
    save_learned(directory, learned)
    return directory


@pytest.fixture
def file(learned, tmp_path):
    save_learned(tmp_path / "learned", learned)
    return tmp_path / "learned" / "home.load"


def test_what_is_kept_says_the_same(learned, file):
    kept = load_learned(file.parent, "home")
    assert kept is not None
    assert (kept.told, kept.digest, kept.step_s, dict(kept.errors)) == (
        learned.told,
        learned.digest,
        learned.step_s,
        dict(learned.errors),
    )
    question = ahead(a_history(50))
    one, two = learned.method.answer(question), kept.method.answer(question)
    for name in ("p10", "p50", "p90", "expected"):
        assert np.array_equal(getattr(one, name), getattr(two, name))


def test_it_is_private_and_nothing_is_left_beside_it(file):
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert list(file.parent.iterdir()) == [file]


def test_nothing_kept_is_nothing(tmp_path):
    assert load_learned(tmp_path, "home") is None


def cut(body: bytes) -> bytes:
    return body[: len(body) // 2]


def flipped(body: bytes) -> bytes:
    place = len(body) // 2
    return body[:place] + bytes([body[place] ^ 0xFF]) + body[place + 1 :]


@pytest.mark.parametrize("harm", [cut, flipped, lambda _: b"", lambda _: b"PK", lambda _: b"no archive at all"])
def test_a_damaged_file_is_named(file, harm):
    file.write_bytes(harm(file.read_bytes()))
    with pytest.raises(StoreError, match=r"home\.load is damaged"):
        load_learned(file.parent, "home")


@settings(max_examples=150, deadline=None)
@given(place=st.integers(0, 2**32), value=st.integers(0, 255))
def test_any_changed_byte_is_named(original, place, value):
    body = bytearray((original / "home.load").read_bytes())
    before = body[place % len(body)]
    body[place % len(body)] = value
    (original / "changed.load").write_bytes(body)
    if value == before:
        assert load_learned(original, "changed") is not None
        return
    with pytest.raises(StoreError, match=r"changed\.load is damaged"):
        load_learned(original, "changed")


def arrays_of(file) -> dict[str, np.ndarray]:
    with np.load(io.BytesIO(file.read_bytes()[42:])) as kept:
        return {name: kept[name] for name in kept.files}


def rewritten(file, **changed) -> None:
    """Other contents with the right checksum."""
    archive = io.BytesIO()
    np.savez(archive, **{name: array for name, array in (arrays_of(file) | changed).items() if array is not None})
    body = archive.getvalue()
    file.write_bytes(b"HEMS load\n" + hashlib.sha256(body).digest() + body)


def with_header(file, **changed) -> np.ndarray:
    header = json.loads(arrays_of(file)["header"].tobytes()) | changed
    return np.frombuffer(json.dumps(header).encode(), np.uint8)


@pytest.mark.parametrize("changed", [{"format": 2}, {"columns": ["lead_h"]}, {"columns_version": 99}])
def test_another_version_is_named(file, changed):
    rewritten(file, header=with_header(file, **changed))
    with pytest.raises(StoreError, match="another version"):
        load_learned(file.parent, "home")


def test_another_version_of_the_columns_is_named(file, monkeypatch):
    monkeypatch.setattr(features, "VERSION", features.VERSION + 1)
    with pytest.raises(StoreError, match="another version"):
        load_learned(file.parent, "home")


@pytest.mark.parametrize(
    "changed",
    [
        {"header": None},
        {"p50.value": None},
        {"p10.left": np.zeros(3, np.int64)},
        {"p90.roots": np.array([10**9])},
        {"p50.feature": np.array(["a"])},
        {"expected.base": np.array([1.0, 2.0])},
    ],
    ids=["no header", "no leaves", "lengths differ", "roots nowhere", "words", "two bases"],
)
def test_trees_that_lead_nowhere_are_named(file, changed):
    rewritten(file, **changed)
    with pytest.raises(StoreError, match="damaged"):
        load_learned(file.parent, "home")


def test_trees_that_lead_back_are_refused(learned, file):
    left = learned.method.trees["p50"].left.copy()
    left[0] = 0
    rewritten(file, **{"p50.left": left})
    with pytest.raises(StoreError, match="a branch leads nowhere"):
        load_learned(file.parent, "home")


def test_nothing_pickled_is_ever_read(file):
    rewritten(file, header=np.array([{"format": 1}], dtype=object))
    with pytest.raises(StoreError, match="cannot be read"):
        load_learned(file.parent, "home")


def test_a_header_with_a_wrong_field_is_named(file):
    rewritten(file, header=with_header(file, step_s="an hour"))
    with pytest.raises(StoreError, match="fields of its header"):
        load_learned(file.parent, "home")


def test_the_new_replaces_the_old(learned, file):
    save_learned(file.parent, replace(learned, digest="new"))
    kept = load_learned(file.parent, "home")
    assert kept is not None
    assert kept.digest == "new"
