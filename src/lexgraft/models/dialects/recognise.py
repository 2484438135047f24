"""Which kind of server is behind an address, by what it says of itself, and by which name."""

from lexgraft.errors import LexgraftError, nearest
from lexgraft.models.dialects import Dialect, DialectMaker, ListedModel, ModelList
from lexgraft.models.dialects.llama_cpp_python import LlamaCppPythonServer
from lexgraft.models.dialects.llama_server import LlamaServer
from lexgraft.models.dialects.sglang_server import SglangServer
from lexgraft.models.dialects.vllm_server import VllmServer
from lexgraft.models.server_client import ServerClient

KINDS: dict[str, DialectMaker] = {
    VllmServer.kind: VllmServer,
    SglangServer.kind: SglangServer,
    LlamaServer.kind: LlamaServer,
    LlamaCppPythonServer.kind: LlamaCppPythonServer,
}
"""Every dialect, by the name that `--server-kind` takes."""
_OWNERS = {
    "vllm": VllmServer.kind,
    "sglang": SglangServer.kind,
    "llamacpp": LlamaServer.kind,
    "me": LlamaCppPythonServer.kind,
}
"""What a server's list of models gives as the owner, and the kind of such a server."""


async def listed_model(client: ServerClient, name: str) -> ListedModel:
    """Return the model of this name in a server's list; its only one where none is given.

    Raises:
        LexgraftError: the server does not know the name, or has several models and none is named.
    """
    listed = (await client.ask("/models", None, ModelList)).data
    names = [model.id for model in listed]
    if not name and len(names) != 1:
        raise LexgraftError(
            "which model?", where=client.url, cure=f"add #NAME; {nearest('', names)}"
        )
    if name and name not in names:
        raise LexgraftError(
            f"the server has no model `{name}`", where=client.url, cure=nearest(name, names)
        )
    return listed[names.index(name) if name else 0]


def dialect_of(client: ServerClient, listed: ListedModel, kind: str) -> Dialect | None:
    """Return how the server scores; None where it is of no kind that is known to.

    Args:
        client: the server.
        listed: its model.
        kind: as the user names it; empty: as its list of models says.

    Raises:
        LexgraftError: no kind has this name.
    """
    if kind and kind not in KINDS:
        raise LexgraftError(f"no kind of server is called `{kind}`", cure=nearest(kind, KINDS))
    name = kind or _OWNERS.get(listed.owned_by or "", "")
    return KINDS[name](client, listed) if name else None
