"""Requests of OpenAI's API that are answered: routes and fields by name, all others refused."""

from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta, Struct

from lexgraft.errors import nearest
from lexgraft.serving import GatewayLimits, RequestRefusal

_SEED = 1 << 62
Stop = str | Annotated[list[Annotated[str, Meta(max_length=200)]], Meta(max_length=4)]
Count = Annotated[int, Meta(ge=1)]
TOKEN_LIMITS = ("max_tokens", "max_completion_tokens")
"""The names that the length of an answer has; a request goes on with each of them as it came."""
Penalty = Annotated[float, Meta(ge=-2, le=2)]


class TextPart(Struct, forbid_unknown_fields=True):
    """A piece of a message: text, never an address for the engine to fetch."""

    type: Literal["text"]
    text: str


class ChatMessage(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """One message of a conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[TextPart] | None = None
    name: str | None = None
    tool_calls: list[dict[str, Any]] | None = None
    tool_call_id: str | None = None
    refusal: None = None

    def text(self) -> str:
        """Return the message's text."""
        if isinstance(self.content, list):
            return "".join(text_part.text for text_part in self.content)
        return self.content or ""


class StreamOptions(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What a streamed answer holds besides its text."""

    include_usage: bool = False


class _SharedFields(Struct, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """The fields that both routes take."""

    model: str
    max_tokens: Count | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(gt=0, le=1)] | None = None
    stop: Stop | None = None
    stream: bool = False
    stream_options: StreamOptions | None = None
    seed: Annotated[int, Meta(ge=-_SEED, lt=_SEED)] | None = None
    n: Literal[1] | None = None
    presence_penalty: Penalty | None = None
    frequency_penalty: Penalty | None = None
    user: str | None = None

    def token_limits(self) -> dict[str, int]:
        """Return how many tokens the answer may have, by each name that the request says it by."""
        asked = {name: getattr(self, name, None) for name in TOKEN_LIMITS}
        return {name: count for name, count in asked.items() if count is not None}

    def tokens(self) -> int | None:
        """Return how many tokens the answer may have: the fewest of what is said."""
        return min(self.token_limits().values(), default=None)


class CompletionRequest(
    _SharedFields, forbid_unknown_fields=True, omit_defaults=True, kw_only=True
):
    """`POST /v1/completions`."""

    route: ClassVar[str] = "/v1/completions"

    prompt: str

    def texts(self) -> list[str]:
        """Return the texts that glossary terms are matched in."""
        return [self.prompt]

    def prepend(self, block: str) -> None:
        """Put a glossary block before the prompt."""
        self.prompt = block + self.prompt


class ChatRequest(_SharedFields, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """`POST /v1/chat/completions`."""

    route: ClassVar[str] = "/v1/chat/completions"

    messages: Annotated[list[ChatMessage], Meta(min_length=1)]
    max_completion_tokens: Count | None = None
    response_format: dict[str, Any] | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: str | dict[str, Any] | None = None
    parallel_tool_calls: bool | None = None

    def texts(self) -> list[str]:
        """Return the texts that glossary terms are matched in: every message of the user."""
        return [message.text() for message in self.messages if message.role == "user"]

    def prepend(self, block: str) -> None:
        """Put a glossary block before the user's last message."""
        last = [message for message in self.messages if message.role == "user"][-1]
        last.content = block + last.text()


AnswerRequest = ChatRequest | CompletionRequest
ROUTES: dict[str, type[ChatRequest] | type[CompletionRequest]] = {
    kind.route: kind for kind in (ChatRequest, CompletionRequest)
}


def parse_request(route: str, body: bytes, model: str, limits: GatewayLimits) -> AnswerRequest:
    """Return the request in a body sent to a route, checked against the limits.

    Raises:
        RequestRefusal: not JSON, an unknown field, a value out of its bounds, another model.
    """
    try:
        request = msgspec.json.decode(body, type=ROUTES[route])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RequestRefusal(400, f"not a request that is answered here: {error}") from error
    if request.model != model:
        nearest_name = nearest(request.model, [model])
        raise RequestRefusal(
            404, f"there is no model `{request.model[:100]}` here: {nearest_name}", "not_found"
        )
    if isinstance(request, ChatRequest) and len(request.messages) > limits.messages:
        raise RequestRefusal(
            400, f"{len(request.messages)} messages; {limits.messages} are allowed"
        )
    if request.tokens() is None:
        request.max_tokens = limits.tokens
    for name, count in request.token_limits().items():
        if count > limits.tokens:
            raise RequestRefusal(400, f"`{name}`: an answer may have {limits.tokens} tokens")
    return request
