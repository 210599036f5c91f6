"""What loads a server: whole answers are read, a client that fails fails the load, limits are limits."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from bench.serving import clients
from bench.serving.clients import Target, WrongAnswer, by_python, latencies, once, rate_of
from bench.serving.http import BrokenAnswer, Connection

EMPTY = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
Say = Callable[[Callable[[bytes], None], int], None]  # a way to send, and the number of the request


class Server:
    """Answers each request with what it is told, piece by piece."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listening.getsockname()[1]
        self._numbers = iter(range(10**9))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=[connection], daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        def send(part: bytes) -> None:
            connection.sendall(part)

        with connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            here = b""
            while True:
                try:
                    came = connection.recv(65536)
                    here += came
                    while b"\r\n\r\n" in here:
                        _, _, here = here.partition(b"\r\n\r\n")
                        self._say(send, next(self._numbers))
                except (OSError, StopIteration):
                    return
                if not came:
                    return

    def close(self) -> None:
        self._listening.close()


@pytest.fixture
def serve() -> Iterator[Callable[[Say], Server]]:
    started: list[Server] = []

    def start(say: Say) -> Server:
        started.append(Server(say))
        return started[-1]

    yield start
    for server in started:
        server.close()


def in_two_sends(send, number):
    """As gunicorn sends an empty view: the head, and a moment later the last chunk."""
    send(CHUNKED)
    threading.Event().wait(0.001)
    send(b"0\r\n\r\n")


def test_an_answer_in_chunks_is_read_to_its_end_before_the_next_is_asked_for(serve):
    server = serve(in_two_sends)
    with Connection(server.port) as connection:
        for _ in range(50):
            assert connection.ask(Target(server.port).request)[0] == 200


@pytest.mark.parametrize(
    "parts",
    [
        [b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"],
        [b"HTTP/1.1 200 OK\r\nconTENT-length:  5\r\n\r\nhe", b"llo"],
        [
            CHUNKED,
            b"5;note=x\r\nhel",
            b"lo\r\n",
            b"a\r\n0123456789\r\n0\r\nTrailer: x\r\n",
            b"\r\n",
        ],
        [b"HTTP/1.1 204 No Content\r\n\r\n"],
        [b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"],
        [b"HTTP/1.1 200 O", b"K\r\nContent-Length: 0\r", b"\n\r\n"],
    ],
)
def test_every_way_to_say_how_long_an_answer_is_is_understood(serve, parts):
    def say(send, number):
        for part in parts:
            send(part)
            threading.Event().wait(0.002)

    server = serve(say)
    with Connection(server.port) as connection:
        for _ in range(5):
            connection.ask(Target(server.port).request)


@pytest.mark.parametrize(
    "answer",
    [
        b"0\r\n\r\n" + EMPTY,
        b"HTTP/1.1 200 OK\r\n\r\n",
        CHUNKED + b"zz\r\n\r\n",
    ],
)
def test_what_is_no_answer_is_an_error_and_not_a_short_one(serve, answer):
    server = serve(lambda send, number: send(answer))
    with pytest.raises((BrokenAnswer, ValueError)):
        _ask_twice(server.port)


def _ask_twice(port: int) -> None:
    with Connection(port) as connection:
        for _ in range(2):
            connection.ask(Target(port).request)


def test_a_load_measures_a_server_that_answers_in_chunks(serve):
    server = serve(in_two_sends)
    assert by_python(Target(server.port), seconds=1) > 500
    assert len(latencies(Target(server.port), rate=200, seconds=0.5)) == 100


@pytest.mark.parametrize(
    "bad", [b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", b"nonsense\r\n\r\n"]
)
def test_a_load_fails_loudly_when_one_of_its_clients_fails(serve, bad):
    """One answer of thousands: the others go on, and the load does not count."""
    server = serve(lambda send, number: send(bad if number == 300 else EMPTY))
    with pytest.raises(WrongAnswer):
        by_python(Target(server.port), seconds=1)
    server = serve(lambda send, number: send(bad if number == 30 else EMPTY))
    with pytest.raises(WrongAnswer):
        latencies(Target(server.port), rate=200, seconds=0.5)


def test_another_status_than_expected_is_no_measurement(serve):
    server = serve(lambda send, number: send(EMPTY))
    once(Target(server.port))
    with pytest.raises(WrongAnswer):
        once(Target(server.port, status=302))


@pytest.mark.parametrize(
    "said",
    ["", "Requests/sec: 10\nNon-2xx or 3xx responses: 1", "Requests/sec: 9\nSocket errors: 1"],
)
def test_what_wrk_says_of_errors_is_heard(said):
    assert rate_of("Requests/sec:   1234.50\n") == 1234.5
    with pytest.raises(WrongAnswer):
        rate_of(said)


def test_without_wrk_a_rate_is_void(monkeypatch):
    monkeypatch.setattr(clients, "tool", lambda: None)
    assert "wrk is not installed" in clients.wanting()
    monkeypatch.setattr(clients, "tool", lambda: "/usr/bin/wrk")
    assert clients.wanting() == ""
