"""A first project as the text of its file: YAML, and what a reader wants to know (pure)."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from lexgraft.adoption.first_project import FirstProject

ORDER = (
    "name", "models", "languages", "terms", "testset", "general", "merge", "glossary", "tune",
    "gates", "compute", "output",
)  # fmt: skip
_BARE = re.compile(r"(?:[A-Za-z/]|\.{1,2}/)[A-Za-z0-9_./@-]*")
_BREAKS = re.compile("[\x85\u2028\u2029]")  # of lines, to YAML and not to JSON
_WORDS = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}
SAID = {
    "models.base": "what both others descend from",
    "models.language": "the recipient, which should learn the words",
    "models.domain": "the donor, which knows them",
    "languages.target": "in which the words should arrive",
    "languages.domain": "in which the donor knows them",
    "terms.tables": "how tables are read, as `lexgraft terms import` says it",
    "testset.choose": "concepts to choose a merge by, and to teach from",
    "testset.confirm": "concepts that verdicts are given on",
    "testset.sealed": "asked once, at the very end",
    "testset.generated": "confirm concepts also asked for free answers",
    "general.texts": "no running text: give files, or what general ability is lost is not seen",
    "glossary.concepts": "confirm concepts asked with the glossary in the prompt",
    "tune.terms": "concepts taught, from choose",
    "gates.assumed": "what these numbers can show: a smaller effect stays undecided",
    "output": "the run's folder",
}


def project_text(first: FirstProject) -> str:
    """Return the file's text; what the plan's advice has changed stands at its head."""
    lines = [
        f"# Made by `lexgraft init`: {first.asked} concepts can be asked for.",
        *(f"# Not asked: {n} × {reason}" for reason, n in first.passed_over.items()),
        *(f"# {note}" for note in first.notes),
        "# Chances to pass if the effects wanted are true: "
        + ", ".join(f"{gate.gate} {gate.chance:.2f}" for gate in first.gates),
        "# Every key: docs/project.md, or `lexgraft schema`.",
    ]
    for key in ORDER:
        if key in first.settings:
            lines += _lines(key, first.settings[key], "", key)
    return "\n".join(" ".join(line.splitlines()) for line in lines) + "\n"


def _lines(key: str, value: Any, indent: str, path: str) -> Iterator[str]:
    """Yield a key with its value, block by block."""
    comment = f"  # {SAID[path]}" if path in SAID else ""
    if isinstance(value, Mapping) and value:
        yield f"{indent}{key}:{comment}"
        for inner, content in value.items():
            yield from _lines(_flow(inner), content, f"{indent}  ", f"{path}.{inner}")
    elif isinstance(value, list) and value and isinstance(value[0], Mapping):
        yield f"{indent}{key}:{comment}"
        for entry in value:
            yield f"{indent}  - {_flow(entry)}"
    else:
        yield f"{indent}{key}: {_flow(value)}{comment}"


def _flow(value: Any) -> str:
    """Return a value on one line: JSON, which is YAML, with plain words bare."""
    if isinstance(value, Mapping):
        return (
            "{"
            + ", ".join(f"{_flow(key)}: {_flow(content)}" for key, content in value.items())
            + "}"
        )
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_flow(content) for content in value) + "]"
    if isinstance(value, str) and _BARE.fullmatch(value) and value.casefold() not in _WORDS:
        return value
    return _BREAKS.sub(
        lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False)
    )
