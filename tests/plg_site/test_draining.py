"""A real gunicorn: probes while all threads are busy, and a stop that loses no request."""

from __future__ import annotations

import contextlib
import gc
import http.client
import os
import runpy
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.plg_site.proxies import ROOT, free_port

PATIENCE = 60.0  # of a busy machine
DRAIN = 4  # seconds


def ask(port: int, path: str, *, host: str = "10.1.2.3:8000") -> int:
    """The status; 0 where nobody answered."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", path, headers={"Host": host})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def until(condition: Callable[[], bool], what: str) -> None:
    give_up = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < give_up, what
        time.sleep(0.02)


@contextmanager
def running(
    seconds: int, said: Path = Path(os.devnull), *, starting: int = 0
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    port = free_port()
    env = os.environ | {"PORT": str(port), "DRAIN_SECONDS": str(seconds), "PYTHONPATH": str(ROOT)}
    env["SAID"] = str(said)
    booted = Path(tempfile.mkdtemp(prefix="plg-booted-"))
    env |= {"BOOTED": str(booted), "STARTING": str(starting)}
    command = [
        sys.executable, "-m", "gunicorn", "tests.plg_site.waiting_application:application",
        "-c", "tests/plg_site/draining_conf.py", "--graceful-timeout", "30",
    ]  # fmt: skip
    process = subprocess.Popen(command, cwd=ROOT, env=env)
    try:
        workers = 1 if starting else 2
        until(lambda: len(list(booted.iterdir())) >= workers, "its workers never got ready")
        until(lambda: ask(port, "/readyz") == 200, "it never got ready")
        yield process, port
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGQUIT)
        process.wait(PATIENCE)
        shutil.rmtree(booted)


def test_the_port_opens_only_once_the_project_is_loaded(tmp_path):
    shipped = runpy.run_path(str(ROOT / "deploy" / "gunicorn.conf.py"))
    gc.enable()  # which the configuration turns off until a worker has started
    assert "load_web" in shipped["on_starting"].__code__.co_names
    with running(0, tmp_path / "said"):
        assert (tmp_path / "said").read_text() == "shut"


def test_a_worker_that_is_being_started_hears_that_it_is_over():
    with running(0, starting=3) as (process, _):
        began = time.monotonic()
        process.terminate()
        process.wait(PATIENCE)
        assert time.monotonic() - began < 20, "it was killed, as who does not hear: after 30 s"


def test_while_all_threads_are_busy_it_is_answered():
    with running(0) as (_, port):
        asking = [threading.Thread(target=ask, args=[port, "/wait?8"]) for _ in range(12)]
        for thread in asking:  # four threads in all, and a queue behind them
            thread.start()
        began = time.monotonic()
        assert [ask(port, path) for path in ("/livez", "/readyz") * 5] == [200] * 10
        is_busy = any(thread.is_alive() for thread in asking)
        assert is_busy, (
            f"nobody was busy any more: the probes took {time.monotonic() - began:.1f} s"
        )
        for thread in asking:
            thread.join(PATIENCE)


def test_after_sigterm_it_says_no_and_goes_on_answering_until_nobody_comes():
    with running(DRAIN) as (process, port):
        answers: list[int] = []
        stop = threading.Event()

        def go_on() -> None:  # as a balancer that has not noticed yet
            while not stop.is_set():
                answers.append(ask(port, "/wait?0.05"))

        threads = [threading.Thread(target=go_on) for _ in range(3)]
        for thread in threads:
            thread.start()
        process.terminate()
        until(lambda: ask(port, "/readyz") == 503, "it goes on saying that it is ready")
        assert ask(port, "/livez") == 200
        asked = len(answers)
        until(lambda: len(answers) >= asked + 10, "nobody is answered after SIGTERM")
        stop.set()  # now it has noticed
        slow = threading.Thread(target=lambda: answers.append(ask(port, "/wait?2")))
        slow.start()
        for thread in [*threads, slow]:
            thread.join(PATIENCE)
        assert set(answers) == {200}, "not one request was lost"
        assert process.wait(PATIENCE) == 0


def test_who_gets_through_to_a_server_that_stops_is_answered():
    """Also who says what they want a moment later, as a proxy under load does; the next one is refused."""
    with running(0) as (process, port):
        idle = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        idle.request("GET", "/wait?0")
        assert idle.getresponse().read() == b"ok"  # kept open: the workers do not leave at once
        process.terminate()
        through = []
        with contextlib.suppress(ConnectionRefusedError):
            while len(through) < 2_000:
                through.append(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE))
                time.sleep(0.002)
        time.sleep(0.3)
        answers = []
        for each in through:
            with each, contextlib.suppress(OSError):
                each.sendall(b"POST /wait?0 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
                answers.append(each.recv(15))
        assert [at for at, said in enumerate(answers) if said != b"HTTP/1.1 200 OK"] == [], len(
            through
        )
        assert len(answers) == len(through) < 2_000
        assert process.wait(PATIENCE) == 0
        idle.close()


def test_a_second_sigterm_waits_no_longer_and_without_seconds_there_is_no_drain():
    with running(600) as (process, port):
        process.terminate()
        until(lambda: ask(port, "/readyz") == 503, "it does not drain")
        process.terminate()
        assert process.wait(PATIENCE) == 0
    with running(0) as (process, _):
        process.terminate()
        assert process.wait(PATIENCE) == 0
