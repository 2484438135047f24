"""Any server that speaks OpenAI's completions (vLLM, llama.cpp, …): free answers only."""

import json
import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from lexgraft.errors import LexgraftError, nearest
from lexgraft.models import RunOptions, backend
from lexgraft.models.generation_only import GenerationOnly
from lexgraft.records import digest

KEY = "OPENAI_API_KEY"
"""Environment variable that holds the key; it is sent to the server and kept nowhere."""
TOGETHER = 8  # requests under way at a time
TRIES = 3
PATIENCE = 120.0  # seconds for one answer


class OpenAIModel(GenerationOnly):
    """A model behind a server: its address and name stand for weights that cannot be seen.

    Servers give the log-likelihood of a given option differently or not at all, and some cut it
    short in silence; it is refused here.
    """

    def __init__(self, address: str, name: str, revision: str = "") -> None:
        self._url, self._name = address.rstrip("/"), name
        self._digest = digest("openai", self._url, name, revision)

    @classmethod
    def connect(cls, address: str) -> "OpenAIModel":
        """Return the model of `http://host:port/v1` or `http://host:port/v1#name`.

        Raises:
            LexgraftError: no such address, no answer, or a name the server does not know.
        """
        url, _, name = address.partition("#")
        if urlsplit(url).scheme not in ("http", "https"):
            raise LexgraftError(
                f"`{url}` is no address of a server", cure="give http://host:port/v1"
            )
        listed = _call(f"{url.rstrip('/')}/models", None)
        names = [str(model["id"]) for model in listed.get("data", [])]
        if not name and len(names) != 1:
            raise LexgraftError("which model?", where=url, cure=f"add #NAME; {nearest('', names)}")
        if name and name not in names:
            raise LexgraftError(f"the server has no model `{name}`", cure=nearest(name, names))
        return cls(url, name or names[0])

    @property
    def digest(self) -> str:
        """Return the digest of address, name and revision: the weights cannot be seen."""
        return self._digest

    @property
    def scoring(self) -> str:
        """Return how answers are made."""
        return "server"

    def generate(self, prompts: Sequence[str], max_tokens: int, stop: Sequence[str]) -> list[str]:
        """Return the greedy continuation of every prompt, cut before the first stop text."""

        def answer(prompt: str) -> str:
            reply = _call(
                f"{self._url}/completions",
                {
                    "model": self._name,
                    "prompt": prompt,
                    "max_tokens": max_tokens,
                    "temperature": 0,
                    "seed": 0,
                    **({"stop": list(stop)} if stop else {}),
                },
            )
            text = str(reply["choices"][0]["text"])
            stops = [offset for offset in map(text.find, stop) if offset >= 0]
            return text[: min(stops)] if stops else text

        with ThreadPoolExecutor(TOGETHER) as pool:
            return list(pool.map(answer, prompts))

    def refusal(self) -> LexgraftError:
        """Return why options cannot be scored here, and what can be done instead."""
        return LexgraftError(
            "a server gives no log-likelihoods that can be trusted, so options cannot be scored",
            where=self._url,
            cure="ask for free answers only, or give the model's folder",
        )


@backend("server", "http://", "https://")
def load_server(reference: str, options: RunOptions) -> OpenAIModel:
    """Return the model behind an address; how it is run is the server's affair."""
    return OpenAIModel.connect(reference)


def _call(url: str, body: dict[str, Any] | None) -> dict[str, Any]:
    """Return the server's JSON answer; tries again while it is busy or away."""
    key = os.environ.get(KEY, "")
    headers = {"Content-Type": "application/json"} | (
        {"Authorization": f"Bearer {key}"} if key else {}
    )
    data = None if body is None else json.dumps(body).encode()
    failure = ""
    for attempt in range(TRIES):
        if attempt:
            time.sleep(2.0 ** (attempt - 1) / 4)
        try:
            with urlopen(Request(url, data, headers), timeout=PATIENCE) as answer:  # noqa: S310 (checked: http or https)
                return json.loads(answer.read())
        except HTTPError as error:
            failure = f"{error.code} {error.read()[:200].decode(errors='replace')}"
            if error.code not in (408, 429, 500, 502, 503, 504):
                break
        except (URLError, OSError) as error:
            failure = str(error)
        except json.JSONDecodeError:
            raise LexgraftError("this server does not answer in JSON", where=url) from None
    raise LexgraftError(f"no answer from the server: {failure}", where=url, cure="is it running?")
