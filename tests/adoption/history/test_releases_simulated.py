"""Ten releases, one with three points lost in one field: found as promised, and nothing else is."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from releases import GROUP, item_set, ledger_of, release

from lexgraft.adoption.history.gate import judge_history

SCRIPT = Path(__file__).parents[3] / "benchmarks" / "releases.py"
FIELDS = ("law", "medicine", "trade")
CONCEPTS, PLANTED, CHURN, LOSS = 1500, 6, 0.004, 0.03


@pytest.mark.slow
def test_a_planted_loss_is_found_by_the_whole_gate_and_no_other() -> None:
    items = item_set(dict.fromkeys(FIELDS, CONCEPTS))
    draws = np.random.default_rng(7)
    known = draws.random(len(FIELDS) * CONCEPTS) < 0.7
    releases = [release("0", items, known.tolist())]
    for number in range(1, 10):
        lost = draws.random(known.size) < CHURN / 0.7
        if number == PLANTED:
            lost[:CONCEPTS] |= draws.random(CONCEPTS) < LOSS / 0.7
        known = np.where(known, ~lost, draws.random(known.size) < CHURN / 0.3)
        releases.append(release(f"{number}", items, known.tolist()))
    gates = judge_history(ledger_of(items, *releases))
    assert [gate.passed for gate in gates[: PLANTED - 1]] == [True] * (PLANTED - 1)
    planted = gates[PLANTED - 1]
    assert (GROUP, "law") in {(one.group, one.field) for one in planted.step.regressions}
    assert {one.field for one in planted.step.regressions} <= {"", "law"}
    [law] = [one for one in planted.step.changes if one.field == "law"]
    assert law.detectable < LOSS
    assert all(not gate.step.regressions for gate in gates[PLANTED:])


@pytest.mark.slow
def test_losses_are_found_and_alarms_are_false_as_often_as_promised() -> None:
    """With as many concepts as it takes, at 60 histories: the long run stands in the log."""
    command = [sys.executable, "-P", SCRIPT, "--histories", "60", "--concepts", "1200"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    said = dict(line.strip().split(": ", 1) for line in done.stdout.splitlines() if ": " in line)
    found = float(said["found by the last"].split("%")[0])
    assert found >= 80
    for kind in ("false, nothing lost", "false beside it"):
        assert float(said[kind].split("%")[0]) <= 5
