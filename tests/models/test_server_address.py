"""Addresses of servers: what is refused, and that a refusal repeats no secret."""

import pytest

from lexgraft.errors import LexgraftError
from lexgraft.models.server_address import parse_address


@pytest.mark.parametrize(
    "url",
    [
        "http://host/v1?api_key=HUSH",
        "http://host/v1#HUSH",
        "http://me:HUSH@host/v1",
        "http://me:HU/SH@host/v1",
        "http://me:HUSH/x@host:port",
        "ftp://me:HUSH@host/v1",
    ],
)
def test_a_refused_address_repeats_no_secret(url: str) -> None:
    with pytest.raises(LexgraftError) as error:
        parse_address(url)
    assert "HUSH" not in str(error.value)
    assert "SH@" not in str(error.value)
