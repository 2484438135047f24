"""Keys: shown once, kept as hashes, valid until their day."""

from pathlib import Path

import pytest

from lexgraft.cli import main
from lexgraft.errors import LexgraftError
from lexgraft.serving.bearer_keys import BearerKey, add_key, drop_key, matching_key, read_keys


def test_a_key_is_shown_once_and_kept_as_a_hash(keys_file: Path) -> None:
    key = add_key(keys_file, "alice")
    other = add_key(keys_file, "bob")
    assert len(key) >= 43
    assert key != other
    assert key not in keys_file.read_text(encoding="utf-8")
    assert keys_file.stat().st_mode & 0o077 == 0
    keys = read_keys(keys_file)
    assert matching_key(keys, f"Bearer {key}") == keys[0]
    assert matching_key(keys, f"bearer  {other} ") == keys[1]


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer x", "Basic {}", "{}", "Bearer {}x", "é"])
def test_anything_else_opens_nothing(keys_file: Path, header: str) -> None:
    key = add_key(keys_file, "alice")
    assert matching_key(read_keys(keys_file), header.format(key)) is None


def test_a_key_ends_with_its_last_day(keys_file: Path) -> None:
    today, yesterday = add_key(keys_file, "a", days=0), add_key(keys_file, "b", days=-1)
    keys = read_keys(keys_file)
    assert matching_key(keys, f"Bearer {today}") == keys[0]
    assert matching_key(keys, f"Bearer {yesterday}") is None


def test_a_dropped_key_opens_nothing(keys_file: Path) -> None:
    key = add_key(keys_file, "alice")
    add_key(keys_file, "bob")
    drop_key(keys_file, "alice")
    assert matching_key(read_keys(keys_file), f"Bearer {key}") is None
    with pytest.raises(LexgraftError, match="no key `alcie`"):
        drop_key(keys_file, "alcie")


def test_names_are_given_once(keys_file: Path) -> None:
    add_key(keys_file, "alice")
    with pytest.raises(LexgraftError, match="a key `alice` already"):
        add_key(keys_file, "alice")


@pytest.mark.parametrize("line", ["", '{"name":"a"}', '{"name":"a","sha256":"00"}'])
def test_a_broken_file_of_keys_is_refused(keys_file: Path, line: str) -> None:
    keys_file.write_text(line, encoding="utf-8")
    with pytest.raises(LexgraftError):
        read_keys(keys_file)


def test_a_key_with_a_day_that_is_none_is_damaged(keys_file: Path) -> None:
    key = BearerKey("a", "0" * 64, "someday")
    keys_file.write_text(f'{{"name":"a","sha256":"{key.sha256}","expires":"someday"}}')
    with pytest.raises(LexgraftError, match="damaged"):
        read_keys(keys_file)


def test_the_verb_makes_and_drops(keys_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["key", str(keys_file), "alice", "--days", "1", "--per-minute", "7"]) == 0
    key = capsys.readouterr().out.strip()
    found = matching_key(read_keys(keys_file), f"Bearer {key}")
    assert found is not None
    assert (found.name, found.per_minute) == ("alice", 7)
    assert main(["key", str(keys_file), "alice", "--drop"]) == 0
    assert keys_file.read_text(encoding="utf-8") == ""
