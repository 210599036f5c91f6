"""A few dozen clients that never finish what they began stop nobody: with a real gunicorn."""

from __future__ import annotations

import gc
import http.client
import re
import runpy
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from plg_site.patience import shares
from tests.plg_site import slow_application
from tests.plg_site.proxies import ROOT, free_port

SHIPPED = runpy.run_path(str(Path(ROOT) / "deploy" / "gunicorn.conf.py"))
gc.enable()  # which the configuration turns off until a worker has started
# What plg_site/patience says.
ARRIVE_SECONDS, LARGEST_HEAD = 15.0, 64 * 1024
THREADS = 4
AT_ONCE = 5.0  # who is held up waits ARRIVE_SECONDS or longer; a busy machine is slow
SLOW = 40
HEAD = b"POST /form HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n"


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    port, said = free_port(), tmp_path_factory.mktemp("gunicorn") / "said"
    options = ["-k", SHIPPED["worker_class"], "--threads", str(THREADS), "-w", "1"]
    command = [
        sys.executable, "-m", "gunicorn", "tests.plg_site.slow_application:application",
        "-b", f"127.0.0.1:{port}", "--keep-alive", "5", *options,
    ]  # fmt: skip
    with said.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out)
    try:
        until = time.monotonic() + 20
        while True:
            try:
                ask(port)
                break
            except OSError:
                if time.monotonic() > until or process.poll() is not None:
                    pytest.fail(said.read_text()[-2000:])
                time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(40)


def ask(port: int, body: bytes | None = None, *, path: str = "/") -> tuple[int, bytes, float]:
    """Status, body, seconds."""
    began = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("POST" if body is not None else "GET", path, body)
        answer = connection.getresponse()
        return answer.status, answer.read(), time.monotonic() - began
    except TimeoutError:
        return 0, b"no answer", time.monotonic() - began
    finally:
        connection.close()


@contextmanager
def dawdling(port: int, said: bytes, *, clients: int = SLOW) -> Iterator[list[socket.socket]]:
    """So many clients that say this, and then nothing more."""
    with ExitStack() as opened:
        sockets = []
        for _ in range(clients):
            client = opened.enter_context(socket.create_connection(("127.0.0.1", port), 20))
            client.sendall(said)
            sockets.append(client)
        time.sleep(0.3)
        yield sockets


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"GET / HT",
        HEAD,
        HEAD + b"Content-Length: 1000\r\n\r\nabc",
        HEAD + b"Content-Length: 5000000\r\n\r\nabc",
        HEAD + b"Content-Length: 5000000\r\n\r\n" + b"x" * 20_000,
        HEAD + b"Content-Length: 00000000000000100000\r\n\r\n",
        HEAD + b"Content-Length: 00000000000000000100\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nabc",
        HEAD + b"Expect: 100-continue\r\nContent-Length: 1000\r\n\r\n",
    ],
    ids=[
        "nothing",
        "half a line",
        "half a head",
        "small body",
        "large body",
        "begun",
        "zeros",
        "few bytes, zeros",
        "chunks",
        "expect",
    ],
)
def test_forty_clients_that_never_finish_do_not_hold_up_a_normal_request(port, said):
    with dawdling(port, said):
        for _ in range(5):
            status, _, seconds = ask(port)
            assert status == 200
            assert seconds < AT_ONCE
        status, body, seconds = ask(port, b"a=b", path="/form")
        assert (status, body) == (200, b"/form 3")
        assert seconds < AT_ONCE


@pytest.mark.thorough
def test_who_does_not_finish_is_let_go(port):
    with dawdling(port, b"GET / HTTP/1.1\r\n", clients=1) as [client]:
        client.settimeout(ARRIVE_SECONDS * 2)
        began = time.monotonic()
        assert client.recv(100) == b""
        assert time.monotonic() - began < ARRIVE_SECONDS + 10


def test_clients_that_do_not_close_do_not_hold_up_the_main_loop(port):
    """Gunicorn's own waits two seconds for each of them, and accepts nobody meanwhile."""
    said = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with dawdling(port, said, clients=10):
        _, _, seconds = ask(port)
    assert seconds < AT_ONCE


def test_one_upload_too_many_is_told_to_come_again(port):
    said = HEAD + b"Content-Length: 5000000\r\n\r\n" + b"x" * 20_000
    with dawdling(port, said, clients=THREADS) as sockets:
        sockets[-1].settimeout(5)
        answer = sockets[-1].recv(1000)
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"Retry-After: 5" in answer


def test_large_bodies_arrive_whole(port):
    status, body, _ = ask(port, b"x" * 3_000_000, path="/upload")
    assert (status, body) == (200, b"/upload 3000000")


def test_a_body_in_chunks_arrives_whole(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("POST", "/c", iter([b"abc", b"defg"]), encode_chunked=True)
    assert connection.getresponse().read() == b"/c 7"
    connection.close()


@pytest.mark.parametrize("step", [1, 7, 100])
def test_a_request_that_comes_in_pieces_arrives_whole(port, step):
    said = HEAD + b"Connection: close\r\nContent-Length: 10\r\n\r\n0123456789"
    with socket.create_connection(("127.0.0.1", port), 20) as client:
        for start in range(0, len(said), step):
            client.sendall(said[start : start + step])
            time.sleep(0.001)
        assert _all_of(client).endswith(b"/form 10")


def test_a_connection_is_kept_and_requests_on_its_heels_are_answered_in_turn(port):
    one = b"POST /%d HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
    last = b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), 20) as client:
        client.sendall(one % 1 + one % 2 + last[:20])
        time.sleep(0.3)
        client.sendall(last[20:])
        answers = _all_of(client)
    assert answers.index(b"/1 3") < answers.index(b"/2 3") < answers.index(b"/last 0")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    for number in range(5):
        connection.request("POST", f"/{number}", b"x" * number)
        assert connection.getresponse().read() == f"/{number} {number}".encode()
    connection.close()


@pytest.mark.parametrize("said", [b"x", b"-1", b"5, 5", b"5\r\nContent-Length: 5", b"\xb2"])
def test_a_length_that_is_none_is_refused(port, said):
    with socket.create_connection(("127.0.0.1", port), 20) as client:
        client.sendall(HEAD + b"Content-Length: " + said + b"\r\n\r\nabcde")
        assert client.recv(100).startswith(b"HTTP/1.1 400 ")


def test_chunks_without_end_leave_the_uploads_of_others_alone(port):
    """They are gathered without a thread, as everything small is."""
    with dawdling(port, HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"):
        status, body, _ = ask(port, b"x" * 3_000_000, path="/upload")
    assert (status, body) == (200, b"/upload 3000000")


@pytest.mark.parametrize("step", [1, 7, 100])
def test_chunks_that_come_in_pieces_arrive_whole(port, step):
    said = HEAD + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    said += b"3;x=y\r\nabc\r\n5\r\n0\r\n\r\n\r\n0\r\nX-Sum: 1\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), 20) as client:
        for start in range(0, len(said), step):
            client.sendall(said[start : start + step])
            time.sleep(0.001)
        assert _all_of(client).endswith(b"/form 8")


def test_many_small_chunks_of_a_large_body_arrive_whole(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    pieces = (b"x" * 100 for _ in range(3_000))
    connection.request("POST", "/c", pieces, encode_chunked=True)
    assert connection.getresponse().read() == b"/c 300000"
    connection.close()


def test_a_connection_that_brought_much_says_that_it_ends(port):
    """How much of a body was read, nobody knows before: the next request goes another way."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    for path in ("/unread", "/upload"):
        connection.request("POST", path, b"x" * 300_000)
        answer = connection.getresponse()
        answer.read()
        assert answer.getheader("Connection") == "close"
    connection.close()


def test_a_head_without_end_is_refused(port):
    with socket.create_connection(("127.0.0.1", port), 20) as client:
        client.sendall(b"GET / HTTP/1.1\r\nX: " + b"a" * (LARGEST_HEAD + 1000))
        assert client.recv(100).startswith(b"HTTP/1.1 431 ")


def test_a_form_that_breaks_off_is_not_handed_to_the_application(port):
    with socket.create_connection(("127.0.0.1", port), 20) as client:
        client.sendall(HEAD + b"Content-Length: 10\r\n\r\n01234")
        client.shutdown(socket.SHUT_WR)
        client.settimeout(5)
        assert client.recv(100) == b""


def test_an_answer_before_the_body_was_read_reaches_the_client(port):
    with socket.create_connection(("127.0.0.1", port), 20) as client:
        client.sendall(
            b"POST /unread HTTP/1.1\r\nHost: x\r\nContent-Length: 300000000\r\n\r\n" + b"x" * 50_000
        )
        client.settimeout(10)
        assert client.recv(1000).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    ("peer", "uploads"),
    [("8.8.8.8", 4), ("2001:4860:4860::8888", 4), ("10.0.0.1", 8), ("", 8), ("fe80::1%eth0", 8)],
)
def test_one_address_of_the_internet_has_half_of_the_uploads(peer, uploads):
    client = (peer, 1) if peer else ""
    others: list[Any] = []
    while shares.may_read(client, others, 16):
        others.append(client)
        assert len(others) < 20
    assert len(others) == uploads
    assert shares.may_read(("9.9.9.9", 1), others, 16) is (uploads < 8)


@pytest.mark.parametrize("path", ["/page", "/file", "/piece", "/pieces", "/chunks"])
def test_forty_clients_that_do_not_read_hold_up_nobody(port, path):
    with ExitStack() as opened:
        for _ in range(SLOW):
            client = opened.enter_context(_small_window(port))
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode() * 3)
        time.sleep(0.5)
        for _ in range(5):
            status, _, seconds = ask(port)
            assert status == 200
            assert seconds < AT_ONCE


@pytest.mark.parametrize("path", ["/page", "/file", "/piece", "/pieces", "/chunks"])
def test_who_reads_slowly_gets_all_of_it_and_the_next_answer(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.connect()
    content = slow_application.content()
    content = content[: slow_application.PAGE] if path == "/page" else content
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
    for _ in range(2):
        connection.request("GET", path)
        answer = connection.getresponse()
        time.sleep(0.3)
        assert answer.read() == content
    connection.request("GET", "/after")
    assert connection.getresponse().read() == b"/after 0"
    connection.close()


def _small_window(port: int) -> socket.socket:
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(20)
    client.connect(("127.0.0.1", port))
    return client


def test_who_has_hung_up_before_a_thread_is_free_is_not_answered(port):
    """Those behind them are: the server does nothing for people who are gone."""
    _, before, _ = ask(port, path="/counted")
    with ThreadPoolExecutor(2 * THREADS) as pool:
        held = [pool.submit(ask, port, path="/hold") for _ in range(THREADS)]
        time.sleep(0.5)  # all threads have one
        for _ in range(10):
            with socket.create_connection(("127.0.0.1", port)) as client:
                client.sendall(b"GET /count HTTP/1.1\r\nHost: x\r\n\r\n")
                time.sleep(0.02)
        with ExitStack() as clients:
            for _ in range(10):
                client = clients.enter_context(socket.create_connection(("127.0.0.1", port)))
                client.sendall(b"GET /count HTTP/1.1\r\nHost: x\r\n\r\n")
            time.sleep(1.2)  # long enough to be let go of at once
        patient = pool.submit(ask, port, path="/count")
        assert patient.result()[0] == 200
        assert {each.result()[0] for each in held} == {200}
    _, after, _ = ask(port, path="/counted")
    assert int(after.split()[1]) == int(before.split()[1]) + 1


def test_who_ends_only_their_side_and_need_not_wait_is_answered(port):
    with socket.create_connection(("127.0.0.1", port), timeout=AT_ONCE) as client:
        client.sendall(b"GET /half HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        client.shutdown(socket.SHUT_WR)
        assert _all_of(client).endswith(b"/half 0")


def test_whoever_stands_in_front_closes_an_idle_connection_first():
    """Else a form is now and then sent into one that the web process closes at that moment."""
    balancer = (ROOT / "deploy" / "terraform" / "balancer.tf").read_text()
    aws = int(re.findall(r"idle_timeout\s+= (\d+)", balancer)[0])
    varnish_and_nginx, caddy = (
        60,
        120,
    )  # by default: backend_idle_timeout, keepalive_timeout, keepalive
    assert SHIPPED["keepalive"] > max(aws, varnish_and_nginx, caddy)


def test_gunicorn_itself_believes_no_header_of_a_proxy():
    assert SHIPPED["forwarded_allow_ips"] == ""


def _all_of(client: socket.socket) -> bytes:
    client.settimeout(10)
    said = b""
    while piece := client.recv(10_000):
        said += piece
    return said
