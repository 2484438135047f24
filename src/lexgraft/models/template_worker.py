"""A process that renders one chat template: run by itself, ended by the system when it takes long.

A template is a program from whoever made the model. It is rendered by transformers' own code in
jinja2's sandbox, which keeps it from files and from Python, but not from loops without end or from
texts without end; the limits here do. Nothing of this package is imported.
"""

import json
import resource
import signal
import sys
from pathlib import Path
from typing import Any

SECONDS = 5.0  # for one rendering
MEMORY = 512 << 20  # bytes beside those that the interpreter takes
CHARACTERS = 4 << 20  # of a rendered text
_PAGES = Path("/proc/self/statm")


def main() -> None:
    """Read the template and its tokens, then messages line by line; write a line for each."""
    from transformers.utils.chat_template_utils import render_jinja_template

    lines = sys.stdin.buffer
    template: dict[str, Any] = json.loads(lines.readline())
    _limit_memory()
    for line in lines:
        signal.setitimer(signal.ITIMER_REAL, SECONDS)  # nobody catches it: the process ends
        try:
            asked: dict[str, Any] = json.loads(line)
            (text,), _ = render_jinja_template(
                [asked["messages"]],
                chat_template=template["template"],
                add_generation_prompt=asked["answer_begins"],
                **template["tokens"],
                **asked["settings"],
            )
            answer = {"text": text} if len(text) <= CHARACTERS else {"long": len(text)}
        except MemoryError:
            answer = {"memory": MEMORY}
        except Exception as error:  # noqa: BLE001 (whatever a template raises is about these messages)
            answer = {"error": f"{type(error).__name__}: {error}"[:500]}
        written = json.dumps(answer).encode() + b"\n"
        signal.setitimer(signal.ITIMER_REAL, 0)
        sys.stdout.buffer.write(written)
        sys.stdout.buffer.flush()


def _limit_memory() -> None:
    """Let this process have little more memory than now; where the system can tell how much."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if _PAGES.exists():
        held = int(_PAGES.read_text(encoding="ascii").split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (held + MEMORY, held + MEMORY))


if __name__ == "__main__":
    main()
