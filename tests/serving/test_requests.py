"""Requests are checked field by field, whatever they are spelled like."""

import json
from typing import Any

import msgspec
import pytest

from lexgraft.serving import GatewayLimits, RequestRefusal
from lexgraft.serving.requests import ROUTES, TOKEN_LIMITS, AnswerRequest, parse_request

LIMITS = GatewayLimits(tokens=100)
CHAT, TEXT = ROUTES
HUGE = 10**15


def parsed(route: str, **fields: Any) -> AnswerRequest:
    asked = {"prompt": "x"} if route == TEXT else {"messages": [{"role": "user", "content": "x"}]}
    body = json.dumps({"model": "tiny", **asked, **fields}).encode()
    return parse_request(route, body, "tiny", LIMITS)


@pytest.mark.parametrize("route", ROUTES)
def test_every_field_that_bounds_an_answer_is_known_as_such(route: str) -> None:
    fields = {field.name for field in msgspec.structs.fields(ROUTES[route])}
    counting = {name for name in fields if "token" in name or name in {"n", "best_of"}}
    assert counting - set(TOKEN_LIMITS) == {"n"}


@pytest.mark.parametrize("small", [1, 100])
@pytest.mark.parametrize("first", TOKEN_LIMITS)
def test_a_cap_holds_for_each_of_two_spellings(first: str, small: int) -> None:
    (second,) = set(TOKEN_LIMITS) - {first}
    for fields in ({first: small, second: HUGE}, {second: HUGE, first: small}, {second: 101}):
        with pytest.raises(RequestRefusal, match=f"`{second}`: an answer may have 100 tokens"):
            parsed(CHAT, **fields)
    both = parsed(CHAT, **{first: small, second: 50})
    assert both.tokens() == min(small, 50)


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    "fields",
    [
        {"max_new_tokens": 5},
        {"max_length": 5},
        {"max_output_tokens": HUGE},
        {"min_tokens": HUGE},
        {"best_of": 50},
        {"n": 2},
        {"n": HUGE},
        {"n": True},
        {"num_return_sequences": 3},
        {"MAX_TOKENS": HUGE},
        {"max_tokens ": HUGE},
        {"extra_body": {"max_tokens": HUGE}},
        {"max_tokens": 0},
        {"max_tokens": True},
        {"max_tokens": 7.0},
        {"max_tokens": "7"},
        {"max_tokens": [7]},
        {"max_tokens": 10**400},
        {"max_tokens": -HUGE},
        {"stream_options": {"max_tokens": HUGE}},
    ],
    ids=str,
)
def test_other_spellings_and_other_types_are_refused(route: str, fields: dict[str, Any]) -> None:
    with pytest.raises(RequestRefusal) as refusal:
        parsed(route, **fields)
    assert refusal.value.status == 400


def test_of_a_field_given_twice_what_is_checked_is_what_goes_on() -> None:
    body = b'{"model": "tiny", "prompt": "x", "max_tokens": %d, "max_tokens": %d}'
    with pytest.raises(RequestRefusal):
        parse_request(TEXT, body % (5, HUGE), "tiny", LIMITS)
    request = parse_request(TEXT, body % (HUGE, 5), "tiny", LIMITS)
    assert msgspec.json.decode(msgspec.json.encode(request))["max_tokens"] == 5


@pytest.mark.parametrize("route", ROUTES)
def test_without_a_limit_the_gateways_own_is_sent(route: str) -> None:
    assert parsed(route).token_limits() == {"max_tokens": 100}
