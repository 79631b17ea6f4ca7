"""Addresses that credentials may be sent to, and those that may not."""

from __future__ import annotations

import pytest

from connectors.address import check_base_url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://api.storedgefms.com", "https://api.storedgefms.com"),
        ("https://api.storedgefms.com/", "https://api.storedgefms.com"),
        ("https://api.example.com:8443/base/", "https://api.example.com:8443/base"),
        ("http://localhost:8765", "http://localhost:8765"),
        ("http://127.0.0.1:8765/", "http://127.0.0.1:8765"),
        ("http://127.8.9.1", "http://127.8.9.1"),
        ("http://[::1]:8765", "http://[::1]:8765"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
    ],
)
def test_a_good_address_loses_its_trailing_slash(url: str, expected: str) -> None:
    """https anywhere and http on loopback, so that a path never doubles the slash."""
    assert check_base_url(url) == expected


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "look like"),
        ("api.storedgefms.com", "look like"),
        ("ftp://api.storedgefms.com", "look like"),
        ("file:///etc/passwd", "look like"),
        ("https://", "look like"),
        ("http://api.storedgefms.com", "in the clear"),
        ("http://localhost.example.com", "in the clear"),
        ("http://127.0.0.1.example.com", "in the clear"),
        ("http://0.0.0.0:80", "in the clear"),
        ("https://user:hunter2@api.example.com", "user name"),
        ("https://user@api.example.com", "user name"),
        ("https://api.example.com?key=hunter2", r"before any \?"),
        ("https://api.example.com?", r"before any \?"),
        ("https://api.example.com/#top", r"before any \?"),
        ("https://api.example.com//v1", "doubled slash"),
        ("https://api.example.com:99999", "not a web address"),
        ("https://[::1", "not a web address"),
        ("https://bücher.example", "as DNS writes it"),
        ("https://api_example*.com", "as DNS writes it"),
        ("https://api..example.com", "as DNS writes it"),
        ("https://-", "as DNS writes it"),
        ("https://api.example.com\\@evil.example", "backslashes"),
        ("https://api.example.com\r\n", "control characters"),
        ("https://api .example.com", "blanks"),
    ],
)
def test_a_bad_address_is_refused_with_a_reason(url: str, reason: str) -> None:
    """The message says what is wrong, and never repeats a password."""
    with pytest.raises(ValueError, match=reason) as caught:
        check_base_url(url)

    assert "hunter2" not in str(caught.value)
