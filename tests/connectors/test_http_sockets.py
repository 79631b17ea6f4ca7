"""The client on real sockets, where mocks are kinder than networks."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from types import SimpleNamespace

import pytest
from authlib.oauth1.rfc5849.signature import verify_hmac_sha1
from authlib.oauth1.rfc5849.wrapper import OAuth1Request

from connectors import errors
from connectors.auth import OAuth1, VendorAuth
from connectors.clock import FakeClock
from connectors.errors import ApiError
from connectors.http import HttpClient
from connectors.retry import RetryBudget

Conversation = Callable[[socket.socket], None]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
# Longer than a busy machine needs for an answer on loopback; waited for in no test.
TIMEOUT_SECONDS = 10.0


class Server:
    """Holds one conversation with everybody who calls, and keeps what they said."""

    def __init__(self, conversation: Conversation) -> None:
        self.heard: list[bytes] = []
        self._conversation = conversation
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                caller, _ = self._listener.accept()
            except OSError:  # closed: the test is over
                return
            with caller:
                self.heard.append(request_of(caller))
                self._conversation(caller)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)


def request_of(caller: socket.socket) -> bytes:
    """A whole request, or what came of it."""
    heard = b""
    while b"\r\n\r\n" not in heard:
        piece = caller.recv(65_536)
        if not piece:
            return heard
        heard += piece
    head, _, body = heard.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    missing = int(lengths[0].split(b":")[1]) - len(body) if lengths else 0
    return heard + (caller.recv(missing, socket.MSG_WAITALL) if missing > 0 else b"")


@contextmanager
def serving(conversation: Conversation) -> Iterator[Server]:
    server = Server(conversation)
    try:
        yield server
    finally:
        server.close()


def saying(answer: bytes = b"") -> Conversation:
    return lambda caller: caller.sendall(answer)


def reset(caller: socket.socket) -> None:
    """Hang up with a RST instead of a goodbye."""
    caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def half_then_reset(caller: socket.socket) -> None:
    caller.sendall(HEAD + b'Content-Length: 99\r\n\r\n{"units"')
    reset(caller)


def silence(caller: socket.socket) -> None:
    """Say nothing until the other side hangs up."""
    caller.recv(1)


def client_of(
    url: str,
    clock: FakeClock | None = None,
    auth: VendorAuth | None = None,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> HttpClient:
    return HttpClient(
        url,
        auth=auth or VendorAuth(),
        clock=clock or FakeClock(),
        random=Random(1),
        budget=RetryBudget(),
        timeout_seconds=timeout_seconds,
    )


def failure(client: HttpClient, *, safe: bool = False) -> ApiError:
    """The error of a create."""
    with pytest.raises(ApiError) as caught, client:
        client.send("POST", "/v1/units", json={"units": ["ü"]}, safe=safe)
    return caught.value


@pytest.mark.parametrize(
    ("conversation", "kind"),
    [
        (reset, errors.ReplyLost),
        (half_then_reset, errors.ReplyLost),
        (saying(), errors.ReplyLost),
        (saying(b"HTTP/1.1 200 OK\r\nContent-"), errors.ReplyLost),
        (saying(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"), errors.ReplyLost),
        (saying(HEAD + b'Content-Length: 99\r\n\r\n{"units": []}'), errors.ReplyLost),
        (saying(HEAD + b"Content-Length: soon\r\n\r\n{}"), errors.ReplyLost),
        (saying(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{}"), errors.ReplyLost),
        (saying(HEAD + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}"), errors.ReplyLost),
        (saying(b"HTTP/1.1 103 Early Hints\r\n\r\n"), errors.ReplyLost),
        (saying(b"HTTP/1.1 20 OK\r\n\r\n"), errors.ReplyLost),
        (saying(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"), errors.ReplyLost),
        (saying(b"HTTP/1.1 600 Odd\r\nContent-Length: 2\r\n\r\n{}"), errors.MalformedReply),
        (saying(HEAD + b'Content-Length: 5\r\n\r\n{"units": []}'), errors.MalformedReply),
        (saying(HEAD + b'\r\n{"units": ['), errors.MalformedReply),
        (saying(HEAD + b"Content-Length: 0\r\n\r\n"), errors.MalformedReply),
    ],
    ids=[
        "reset",
        "reset in the body",
        "hung up",
        "half a header",
        "not HTTP",
        "half a body",
        "no length",
        "half a chunk",
        "broken gzip",
        "only an early hint",
        "a status of two digits",
        "another protocol",
        "a status beyond all",
        "a length too small",
        "hung up in the body",
        "empty",
    ],
)
def test_a_create_whose_answer_is_broken_is_unknown_and_sent_once(
    conversation: Conversation, kind: type[ApiError]
) -> None:
    """Whatever a network does to an answer, the create is not repeated."""
    with serving(conversation) as server:
        error = failure(client_of(server.url))

    assert isinstance(error, kind)
    assert error.outcome == "unknown"
    assert len(server.heard) == 1


def test_a_create_that_is_met_with_silence_is_unknown() -> None:
    """The wait for an answer ends at the timeout."""
    with serving(silence) as server:
        error = failure(client_of(server.url, timeout_seconds=0.1))

    assert isinstance(error, errors.ReplyLost)
    assert "ReadTimeout" in str(error)
    assert len(server.heard) == 1


def test_a_safe_request_survives_a_reset() -> None:
    """The second connection gets the answer."""
    calls = iter([reset, saying(HEAD + b"Content-Length: 2\r\n\r\n{}")])

    def answer(caller: socket.socket) -> None:
        next(calls)(caller)

    with serving(answer) as server, client_of(server.url) as client:
        reply = client.send("PUT", "/v1/units", json={"units": [1]}, safe=True)

    assert (reply.status, reply.json) == (200, {})
    assert [heard.rpartition(b"\r\n")[2] for heard in server.heard] == [b'{"units":[1]}'] * 2


def test_a_slow_drip_is_cut_off() -> None:
    """A server that always has one more byte does not hold up the night."""
    clock = FakeClock()

    def drip(caller: socket.socket) -> None:
        caller.sendall(HEAD + b"\r\n{")
        try:
            while True:
                clock.advance(TIMEOUT_SECONDS / 2)
                caller.sendall(b" ")
        except OSError:  # the client has had enough
            return

    with serving(drip) as server:
        error = failure(client_of(server.url, clock))

    assert isinstance(error, errors.ReplyLost)
    assert "too slowly" in str(error)


def test_a_refused_connection_was_not_sent() -> None:
    """Nobody listens: it is tried four times, and certainly not processed."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    client = client_of(f"http://127.0.0.1:{port}")
    error = failure(client)

    assert isinstance(error, errors.ApiUnreachable)
    assert error.outcome == "not_sent"
    assert client.request_count == 4


def test_a_failed_tls_handshake_was_not_sent() -> None:
    """A server that does not speak TLS never saw the request."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            for _ in range(4):
                caller, _ = listener.accept()
                with caller:
                    caller.recv(65_536)
                    caller.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        error = failure(client_of(f"https://127.0.0.1:{listener.getsockname()[1]}"))
        thread.join(5)

    assert isinstance(error, errors.ApiUnreachable)


def test_what_arrives_is_signed_and_whole() -> None:
    """Authlib verifies the bytes of the wire, and the JSON body is all there."""
    auth = OAuth1("access-id", "secret-key", clock=FakeClock(), random=Random(1))
    answer = saying(HEAD + b"Content-Length: 2\r\n\r\n{}")
    with serving(answer) as server, client_of(server.url, auth=auth) as client:
        client.send(
            "POST", "/v1/f%20one/units", json={"name": "ü"}, params={"q": "a b&ü"}, safe=False
        )
    head, _, body = server.heard[0].partition(b"\r\n\r\n")
    start, *lines = head.decode("ascii").split("\r\n")
    method, target, _ = start.split(" ")
    headers = {name.title(): value for name, _, value in (line.partition(": ") for line in lines)}
    seen = OAuth1Request(method, f"http://{headers['Host']}{target}", None, headers)
    seen.client = SimpleNamespace(get_client_secret=lambda: "secret-key")

    assert verify_hmac_sha1(seen)
    assert seen.oauth_params["oauth_signature_method"] == "HMAC-SHA1"
    assert "oauth_body_hash" not in seen.oauth_params
    assert json.loads(body) == {"name": "ü"}
