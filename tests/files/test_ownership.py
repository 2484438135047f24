"""What is not ours is neither removed nor overwritten, whatever way leads there."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from lexgraft.errors import LexgraftError
from lexgraft.files.ownership import (
    MARKER,
    check_outputs,
    claim,
    is_noted,
    is_ours,
    note,
    refuse_foreign,
    release,
    remove,
    remove_noted,
    writing,
)

SOURCE = Path(__file__).parents[2] / "src" / "lexgraft"
TAKE_BACK = ("records.py", "files/run_folder.py", "weights/checkpoint/folder_writer.py")
"""Where empty folders are taken back that a failed call has just made."""


def test_only_one_module_removes_folders() -> None:
    sources = sorted(SOURCE.rglob("*.py"))
    assert len(sources) > 100
    for path in sources:
        name, text = path.relative_to(SOURCE).as_posix(), path.read_text(encoding="utf-8")
        if name != "files/ownership.py":
            assert not any(word in text for word in ("rmtree", "removedirs", "shutil.move")), name
            assert ".rmdir(" not in text or name in TAKE_BACK, name


def test_a_claimed_folder_is_ours_for_its_purpose_and_output_alone(tmp_path: Path) -> None:
    folder, output = tmp_path / "out.stages", tmp_path / "out"
    claim(folder, "stages", output)
    assert is_ours(folder, "stages", output)
    assert not is_ours(folder, "fit", output)
    assert not is_ours(folder, "stages", tmp_path / "other")
    assert claim(folder, "stages", output) == folder
    remove(folder, "stages", output)
    assert not folder.exists()


def test_a_copy_is_not_ours_and_a_moved_tree_is(tmp_path: Path) -> None:
    here = tmp_path / "here"
    claim(here / "out.fit", "fit", here / "out")
    here.rename(tmp_path / "there")
    there = tmp_path / "there"
    assert is_ours(there / "out.fit", "fit", there / "out")
    (there / "out.fit").rename(there / "mine.fit")
    assert not is_ours(there / "mine.fit", "fit", there / "out")


@pytest.mark.parametrize("kind", ["foreign", "file", "link", "dangling", "empty", "forged"])
def test_what_is_not_ours_is_refused_and_left(tmp_path: Path, kind: str) -> None:
    folder, output, users = tmp_path / "out.stages", tmp_path / "out", tmp_path / "users"
    users.mkdir()
    (users / "thesis.txt").write_text("years")
    if kind == "foreign":
        folder.mkdir()
        (folder / "thesis.txt").write_text("years")
    elif kind == "file":
        folder.write_text("years")
    elif kind in ("link", "dangling"):
        folder.symlink_to(users if kind == "link" else tmp_path / "nowhere")
    elif kind == "forged":
        folder.mkdir()
        (folder / MARKER).symlink_to(users / "thesis.txt")
    else:
        folder.mkdir()
    before = sorted(str(path) for path in tmp_path.rglob("*"))
    with pytest.raises(LexgraftError, match="not ours"):
        remove(folder, "stages", output)
    if kind != "empty":
        with pytest.raises(LexgraftError) as caught:
            claim(folder, "stages", output)
        assert caught.value.where == str(folder)
        assert caught.value.cure
        with pytest.raises(LexgraftError):
            refuse_foreign(folder, "stages", output)
    assert sorted(str(path) for path in tmp_path.rglob("*")) == before
    assert (users / "thesis.txt").read_text() == "years"


@pytest.mark.parametrize("length", [0, 1, 20])
def test_a_kill_while_a_folder_is_made_leaves_it_claimable(tmp_path: Path, length: int) -> None:
    folder, output = tmp_path / "out.part", tmp_path / "out"
    text = (claim(folder, "part", output) / MARKER).read_bytes()
    (folder / MARKER).write_bytes(text[:length])
    assert not is_ours(folder, "part", output)
    claim(folder, "part", output)
    assert is_ours(folder, "part", output)


def test_a_kill_while_a_folder_is_removed_leaves_it_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, output = claim(tmp_path / "o.fit", "fit", tmp_path / "o"), tmp_path / "o"
    (folder / "a").mkdir()
    (folder / "a" / "b").write_text("x")
    (folder / "z").write_text("x")

    def killed(_path: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("lexgraft.files.ownership.rmtree", killed)
    with pytest.raises(KeyboardInterrupt):
        remove(folder, "fit", output)
    monkeypatch.undo()
    assert is_ours(folder, "fit", output)
    remove(folder, "fit", output)
    assert not folder.exists()


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_file_is_no_marker(tmp_path: Path, make: Callable[[Path], None]) -> None:
    for name in ("out", "out.csv"):
        make(tmp_path / f".{name}{MARKER}")
    (tmp_path / "out").mkdir()
    with pytest.raises(LexgraftError, match="wanted for a record"):
        note(tmp_path / "out", "model", "content")
    with (
        pytest.raises(LexgraftError, match="wanted for a record"),
        writing("x", [tmp_path / "out.csv"], ()),
    ):
        pass


def test_removal_does_not_follow_links_and_spares_inputs(tmp_path: Path) -> None:
    folder, output = claim(tmp_path / "o.fit", "fit", tmp_path / "o"), tmp_path / "o"
    users = tmp_path / "users"
    users.mkdir()
    (users / "file").write_text("x")
    (folder / "way").symlink_to(users)
    (folder / "model").mkdir()
    for given in (folder, folder / "model", tmp_path):
        with pytest.raises(LexgraftError, match="input"):
            remove(folder, "fit", output, [given])
    remove(folder, "fit", output)
    assert (users / "file").read_text() == "x"


def test_a_released_folder_is_the_users(tmp_path: Path) -> None:
    folder = claim(tmp_path / "out", "part", tmp_path / "out")
    (folder / "model").write_text("x")
    release(folder)
    with pytest.raises(LexgraftError):
        remove(folder, "part", tmp_path / "out")


def test_a_noted_folder_is_removed_with_its_content_alone(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    note(folder, "model", "a")
    folder.mkdir()
    (folder / "file").write_text("x")
    assert is_noted(folder, "model", "a")
    with pytest.raises(LexgraftError):
        remove_noted(folder, "model", "b")
    note(folder, "model", "b")
    remove_noted(folder, "model", "b")
    assert sorted(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("output", "given"),
    [
        ("a", "a"),
        ("a/b", "a"),
        ("a", "a/b"),
        ("A", "a"),
        ("a/x/../b", "a/b"),
        ("link", "a"),
        ("a", "link"),
        ("link/b", "a"),
        ("hard", "a/file"),
        ("new/deep", "new"),
        ("Ａ/é", "Ａ/é"),
    ],
)
@pytest.mark.parametrize("folders", [False, True])
def test_an_output_is_no_input(tmp_path: Path, output: str, given: str, *, folders: bool) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "file").write_text("x")
    (tmp_path / "link").symlink_to("a")
    os.link(tmp_path / "a" / "file", tmp_path / "hard")
    with pytest.raises(LexgraftError):
        check_outputs([tmp_path / output], [tmp_path / given], folders=folders)


def test_what_lies_elsewhere_is_free(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "A2").mkdir()
    for output in ("b", "ab", "b/a", "A2/x"):
        check_outputs([tmp_path / output], [tmp_path / "a", tmp_path / "a2"[:1]], folders=True)


@pytest.mark.parametrize("folders", [False, True])
@pytest.mark.parametrize("name", ["", ".", "/", "..", "/dev/null", "/dev/stdout", "/dev/null/x"])
def test_names_that_are_no_output(name: str, *, folders: bool) -> None:
    with pytest.raises(LexgraftError):
        check_outputs([Path(name)], [], folders=folders)


def test_a_file_is_replaced_only_as_it_was_written(tmp_path: Path) -> None:
    out, side = tmp_path / "out", tmp_path / "out.import.json"
    for text in ("one", "two"):
        with writing("terms import", [out, side], []):
            out.write_text(text)
            side.write_text(text)
    side.write_text("mine")
    with pytest.raises(LexgraftError, match="exists already"), writing("x", [out, side], []):
        out.write_text("lost")
    assert out.read_text() == "two"
