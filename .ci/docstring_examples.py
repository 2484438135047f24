"""A griffe extension for the docs site: the example of a docstring is shown as code."""

import re
from typing import Any

from griffe import Extension, Object

_EXAMPLE = re.compile(r"^Example:\n((?:[ ]{4}.*\n?|\n)+)", re.MULTILINE)


class DocstringExamples(Extension):
    """Puts the lines of every `Example:` into a fence; without it they would be read as prose."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        """Rewrite the docstring of one object, before its sections are parsed."""
        if obj.docstring is not None:
            obj.docstring.value = _EXAMPLE.sub(_fenced, obj.docstring.value)


def _fenced(example: re.Match[str]) -> str:
    kind = "pycon" if ">>>" in example[1] else "python"
    return f"Examples:\n    ```{kind}\n{example[1].rstrip()}\n    ```\n"
