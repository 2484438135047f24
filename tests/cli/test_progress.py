"""Progress where there is no terminal: a line now and then, with the time left."""

import pytest

from lexgraft.cli.progress import SAY_EVERY, ProgressBars


def test_lines_say_how_long_it_will_take(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = [100.0]
    monkeypatch.setattr("lexgraft.cli.progress.time.monotonic", lambda: clock[0])
    with ProgressBars() as bars:
        for done in (10, 11, 20, 40):
            bars("options, of a model", done, 40)
            clock[0] += SAY_EVERY * 0.6
    said = capsys.readouterr().err.splitlines()
    # ten were known before; after 12 s of work ten of the thirty others are done
    assert said == [
        "options, of a model: 10/40",
        "options, of a model: 20/40, about 24 s left",
        "options, of a model: 40/40",
    ]
