"""Which hosts are this machine alone: the guard of whatever is served without keys (pure).

A web page of another origin may reach a loopback address by a name of its own that leads here
(DNS rebinding): the host that was asked for tells it apart. The port says nothing more, and is
another where one was forwarded.
"""

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """Tell whether a host is an address or name of this machine alone."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def asks_for_this_machine(header: str) -> bool:
    """Tell whether a Host header names this machine, with a port or without.

    >>> [asks_for_this_machine(host) for host in ("localhost", "[::1]:80", "evil.example:80")]
    [True, True, False]
    """
    if header.startswith("["):
        return is_loopback(header[1:].partition("]")[0])
    return is_loopback(header.partition(":")[0].lower())
