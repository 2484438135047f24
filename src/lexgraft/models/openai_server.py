"""Any server that speaks OpenAI's completions: free answers, and options where its kind gives them.

vLLM, SGLang, llama-server and llama-cpp-python give log-probabilities of a given text, each in its
own way (`dialects`); of other servers only free answers are taken.
"""

from collections.abc import Sequence
from functools import partial

from msgspec import Struct

from lexgraft.errors import LexgraftError
from lexgraft.models import LanguageModel, RunOptions, backend
from lexgraft.models.dialects import ListedModel
from lexgraft.models.dialects.recognise import KINDS, dialect_of, listed_model
from lexgraft.models.generation_only import GenerationOnly
from lexgraft.models.served_model import ServedModel
from lexgraft.models.server_checks import check_server
from lexgraft.models.server_client import ServerClient, all_of, finished
from lexgraft.records import digest


class _Written(Struct, frozen=True):
    """One free answer."""

    text: str


class _Completion(Struct, frozen=True):
    """The answer to one prompt."""

    choices: list[_Written]


class OpenAIModel(GenerationOnly):
    """A model behind a server of no kind whose log-probabilities are known: free answers only."""

    def __init__(self, client: ServerClient, name: str, digest: str) -> None:
        self._client, self.name, self._digest = client, name, digest

    @property
    def digest(self) -> str:
        """Return the digest of address and name: the weights cannot be seen."""
        return self._digest

    @property
    def scoring(self) -> str:
        """Return how answers are made."""
        return "server"

    def generate(self, prompts: Sequence[str], max_tokens: int, stop: Sequence[str]) -> list[str]:
        """Return the greedy continuation of every prompt, cut before the first stop text.

        Raises:
            LexgraftError: the server refuses, is silent, or does not answer with one text.
        """
        return all_of([partial(self._answer, prompt, max_tokens, stop) for prompt in prompts])

    def refusal(self) -> LexgraftError:
        """Return why options cannot be scored here, and what can be done instead."""
        return LexgraftError(
            "this server is of no kind that gives log-likelihoods of a given text, so options "
            "cannot be scored",
            where=self._client.url,
            cure="ask for free answers only, or give the model's folder; if it is one of "
            f"{', '.join(KINDS)} behind a proxy, say so with --server-kind",
        )

    async def _answer(self, prompt: str, max_tokens: int, stop: Sequence[str]) -> str:
        body = {
            "model": self.name,
            "prompt": prompt,
            "max_tokens": max_tokens,
            "temperature": 0,
            "seed": 0,
            **({"stop": list(stop)} if stop else {}),
        }
        choices = (await self._client.ask("/completions", body, _Completion)).choices
        if len(choices) != 1:
            raise LexgraftError(
                f"one answer was asked for, and {len(choices)} came", where=self._client.url
            )
        return _cut(choices[0].text, stop)


def connect(address: str, kind: str = "") -> OpenAIModel | ServedModel:
    """Return the model of `http://host:port/v1` or `http://host:port/v1#name`.

    Args:
        address: of the API, and behind # the name of the model or adapter.
        kind: of the server, one of `KINDS`; by default as the server itself says.

    Raises:
        LexgraftError: no such address, no answer, a name the server does not know, or numbers that
            contradict each other.
    """
    url, _, name = address.partition("#")
    client = ServerClient(url)
    listed = finished(listed_model(client, name))
    dialect = dialect_of(client, listed, kind)
    free = OpenAIModel(client, listed.id, _digest(client, listed))
    if dialect is None:
        client.persevere()
        return free
    release = finished(dialect.version())
    identity = _digest(client, listed, dialect.kind, release)
    model = ServedModel(dialect, release, identity, client.url, free.generate)
    model.checks = check_server(model, client.url)
    client.persevere()
    return model


def _digest(client: ServerClient, listed: ListedModel, *server: str) -> str:
    """Return what stands for weights that cannot be seen."""
    about = [listed.id, listed.owned_by or "", listed.root or "", listed.parent or ""]
    return digest("openai", client.url, about, list(server))


@backend("server", "http://", "https://")
def load_server(reference: str, options: RunOptions) -> LanguageModel:
    """Return the model behind an address; how it is run is the server's affair."""
    return connect(reference, options.server_kind)


def _cut(text: str, stop: Sequence[str]) -> str:
    """Return a text up to the first stop text in it."""
    stops = [offset for offset in map(text.find, stop) if offset >= 0]
    return text[: min(stops)] if stops else text
