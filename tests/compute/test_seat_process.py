from pathlib import Path

import pytest

from lexgraft.compute.seat_process import Greeting, SeatProcess, check_shared
from lexgraft.errors import LexgraftError


def test_a_machine_that_does_not_see_what_the_driver_wrote_cannot_take_part(tmp_path: Path):
    file = tmp_path / "token"
    with pytest.raises(LexgraftError, match="node-a does not see this folder"):
        check_shared(file, "x", "node-a", patience=0.01)
    file.write_text("of another run")
    with pytest.raises(LexgraftError, match="under the same path"):
        check_shared(file, "x", "node-a", patience=0.01)
    file.write_text("x")
    check_shared(file, "x", "node-a", patience=0)


def test_another_version_cannot_take_part(tmp_path: Path):
    (tmp_path / "token").write_text("x")
    reply = SeatProcess().join(Greeting("0.0.1", str(tmp_path / "token"), "x"))
    assert reply.error
    assert "install the same on every machine" in reply.error.cure


def test_errors_come_back_as_values_and_an_empty_memory_by_its_name():
    process = SeatProcess()

    def ours() -> None:
        raise LexgraftError("no such tensor", cure="look")

    def full() -> None:
        raise MemoryError

    def torches() -> None:
        raise RuntimeError("CUDA out of memory. Tried to allocate 2 GiB\nmore")

    def wrong() -> None:
        raise RuntimeError("shape")

    replies = [process.call(function, ()).error for function in (ours, full, torches)]
    assert [error.what for error in replies if error] == [
        "no such tensor",
        "out of memory: MemoryError: ",
        "out of memory: RuntimeError: CUDA out of memory. Tried to allocate 2 GiB",
    ]
    with pytest.raises(RuntimeError, match="shape"):
        process.call(wrong, ())
