"""Where an API may live: an address that credentials can be sent to without giving them away."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

__all__ = ["check_base_url", "is_loopback"]

# Backslashes, blanks and control characters are read differently by different URL parsers.
_AMBIGUOUS = re.compile(r"[\s\\\x00-\x1f\x7f]")
# A name as DNS writes it, in punycode if need be, or an IPv6 address without its brackets.
_HOST = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?|[0-9a-f:.]+")


def check_base_url(url: str) -> str:
    """The address without a trailing slash, or a ValueError that says what is wrong with it.

    The message never repeats the address: it may hold a password.
    """
    if _AMBIGUOUS.search(url):
        raise ValueError("an address must not contain blanks, backslashes or control characters")
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        raise ValueError("this is not a web address") from None
    fault = _fault(url, parts, host)
    if fault:
        raise ValueError(fault)
    return url.rstrip("/")


def _fault(url: str, parts: SplitResult, host: str) -> str:
    if parts.scheme not in ("http", "https") or not host:
        return "an address must look like https://api.example.com"
    if parts.username is not None or parts.password is not None:
        return "an address must not contain a user name or a password"
    if "?" in url or "#" in url:
        return "an address must end before any ? or #"
    if "//" in parts.path:
        return "an address must not contain a doubled slash in its path"
    if not _HOST.fullmatch(host) or ".." in host:
        return "the host of an address must be a name as DNS writes it, or an IP address"
    if parts.scheme == "http" and not is_loopback(host):
        return f"http would send the credentials for {host} in the clear; use https"
    return ""


def is_loopback(host: str) -> bool:
    """Whether a host is this very machine, to which nothing can be overheard."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
