"""Keys: shown once, kept as hashes, valid until their day."""

import json
from pathlib import Path

import pytest

from lexgraft.cli import main
from lexgraft.errors import LexgraftError
from lexgraft.serving import GatewayLimits
from lexgraft.serving.bearer_keys import add_key, drop_key, matching_key, read_keys
from lexgraft.serving.gateway import Gateway
from lexgraft.serving.server import reload_keys
from lexgraft.serving.upstream_engine import UpstreamEngine


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


GOOD = {"name": "a", "sha256": "0" * 64}
DAMAGED: dict[str, object] = {
    "nothing": b"",
    "no hash": {"name": "a"},
    "a short hash": GOOD | {"sha256": "00"},
    "a hash beyond ASCII": GOOD | {"sha256": "é" * 64},
    "a hash in capitals": GOOD | {"sha256": "A" * 64},
    "a hash of other signs": GOOD | {"sha256": "x" * 64},
    "a day in words": GOOD | {"expires": "someday"},
    "a day without lines": GOOD | {"expires": "20261231"},
    "a week": GOOD | {"expires": "2026-W01-1"},
    "no name": GOOD | {"name": ""},
    "a name with a line break": GOOD | {"name": "a\nb"},
    "a limit below 0": GOOD | {"per_minute": -1},
    "a limit of 400 digits": GOOD | {"per_minute": 10**400},
    "an unknown field": GOOD | {"admin": True},
    "a name twice": b"\n".join(json.dumps(GOOD | {"sha256": n * 64}).encode() for n in "01"),
    "a hash twice": b"\n".join(json.dumps(GOOD | {"name": n}).encode() for n in "ab"),
    "bytes": b"\xff\xfe",
    "deep": b"[" * 100_000,
    "cut": json.dumps(GOOD).encode()[:-5],
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_of_keys_is_refused_and_the_old_keys_stay(
    keys_file: Path, name: str
) -> None:
    lines, said = DAMAGED[name], list[dict[str, object]]()
    secret = add_key(keys_file, "alice")
    old = read_keys(keys_file)
    keys_file.write_bytes(lines if isinstance(lines, bytes) else json.dumps(lines).encode())
    with pytest.raises(LexgraftError):
        read_keys(keys_file)
    engine = UpstreamEngine("http://127.0.0.1:9", "", GatewayLimits())
    gateway = Gateway("tiny", engine, None, GatewayLimits(), old, said.append)
    reload_keys(gateway, keys_file)
    assert gateway.keys is old
    assert matching_key(gateway.keys, f"Bearer {secret}") == old[0]
    assert "not read again, 1 kept" in str(said)


@pytest.mark.parametrize("gone", ["missing", "a folder", "not to be read"])
def test_keys_that_are_gone_leave_the_old_ones(keys_file: Path, gone: str) -> None:
    add_key(keys_file, "alice")
    old, said = read_keys(keys_file), list[dict[str, object]]()
    keys_file.unlink()
    if gone == "a folder":
        keys_file.mkdir()
    elif gone == "not to be read":
        keys_file.symlink_to(keys_file)
    engine = UpstreamEngine("http://127.0.0.1:9", "", GatewayLimits())
    gateway = Gateway("tiny", engine, None, GatewayLimits(), old, said.append)
    reload_keys(gateway, keys_file)
    assert gateway.keys is old
    assert "not read again" in str(said)


@pytest.mark.parametrize(
    ("name", "per_minute"), [("", 0), ("a\nb", 0), ("\udcff", 0), ("x" * 101, 0), ("a", 10**9)]
)
def test_a_key_that_could_not_be_read_again_is_not_made(
    keys_file: Path, name: str, per_minute: int
) -> None:
    with pytest.raises(LexgraftError, match="no key can be made"):
        add_key(keys_file, name, per_minute=per_minute)
    assert not keys_file.exists()


def test_the_verb_makes_and_drops(keys_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["key", str(keys_file), "alice", "--days", "1", "--per-minute", "7"]) == 0
    key = capsys.readouterr().out.strip()
    found = matching_key(read_keys(keys_file), f"Bearer {key}")
    assert found is not None
    assert (found.name, found.per_minute) == ("alice", 7)
    assert main(["key", str(keys_file), "alice", "--drop"]) == 0
    assert keys_file.read_text(encoding="utf-8") == ""
