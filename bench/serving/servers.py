"""WSGI servers with threads, side by side; by hand (docs/decisions/0030-web-server.md).

    python -m bench.serving.servers             with the packages granian, waitress and cheroot beside ours

For each: its own memory, requests for a second of its processor time over connections that are kept (a
shared machine disturbs that least), how long somebody waits behind
forty who never finish what they send, or do not read what they asked for, and whether a request that is
being answered survives a SIGTERM. Two processes of sixteen threads, or one of 32 where there is only one.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from bench.footprint.tree import processor_seconds, weigh
from plg_site.devstack import ports
from plg_site.devstack.options import ROOT

CROWD, PATIENCE, SECONDS, TURNS = 40, 12.0, 4, 3
CONNECTIONS = 24
LARGE = 20_000_000
PAGE = b"x" * 22_000
ME = "bench.serving.servers:application"
GUNICORN = ["-m", "gunicorn", ME, "-w", "2", "--threads", "16", "--no-control-socket", "-b"]
WAITRESS = (
    "import sys, waitress; from bench.serving.servers import application as a;"
    "waitress.serve(a, listen=sys.argv[1], threads=32)"
)
CHEROOT = (
    "import sys, signal; from cheroot.wsgi import Server; from bench.serving.servers import application as a;"
    "h, p = sys.argv[1].split(':'); s = Server((h, int(p)), a, numthreads=32);"
    "signal.signal(15, lambda *_: s.stop()); s.start()"
)
SERVERS: dict[str, Callable[[int], list[str]]] = {
    "gunicorn, our worker": lambda port: [
        *GUNICORN, f"127.0.0.1:{port}", "-k", "plg_site.patience.worker.PatientWorker",
    ],
    "gunicorn, gthread": lambda port: [*GUNICORN, f"127.0.0.1:{port}", "-k", "gthread"],
    "granian": lambda port: [
        "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
        "--workers", "2", "--blocking-threads", "16", ME,
    ],
    "waitress": lambda port: ["-c", WAITRESS, f"127.0.0.1:{port}"],
    "cheroot": lambda port: ["-c", CHEROOT, f"127.0.0.1:{port}"],
}  # fmt: skip


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    path = environ["PATH_INFO"]
    if path == "/slow":
        time.sleep(1.5)
    if environ["REQUEST_METHOD"] == "POST":
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    body = {"/page": PAGE, "/large": b"x" * LARGE}.get(path, b"ok")
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


@contextmanager
def running(name: str) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    port = ports.find_free()
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(  # noqa: S603
        [sys.executable, *SERVERS[name](port)], cwd=ROOT, env=env,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    ) as process:  # fmt: skip
        try:
            deadline = time.monotonic() + 20
            while not ports.answers_http(port, host="localhost", path="/"):
                if time.monotonic() > deadline or process.poll() is not None:
                    raise RuntimeError(f"{name} does not start")
                time.sleep(0.1)
            yield port, process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def answered(port: int, process: subprocess.Popen[bytes], path: str) -> float:
    """Requests for a second of the server's processor time."""
    before = processor_seconds(process.pid)
    wrk = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "--timeout", "20s"]
    said = subprocess.run(  # noqa: S603
        [*wrk, f"http://127.0.0.1:{port}{path}"], capture_output=True, text=True, check=True
    ).stdout
    found = re.search(r"(\d+) requests in", said)
    if found is None or "Socket errors" in said or "Non-2xx" in said:
        raise RuntimeError(said)
    return int(found[1]) / (processor_seconds(process.pid) - before)


def behind(port: int, request: bytes) -> float:
    """Seconds that somebody waits behind a crowd that sends this and no more, and reads nothing."""
    with ExitStack() as crowd:
        for _ in range(CROWD):
            each = crowd.enter_context(socket.create_connection(("127.0.0.1", port)))
            each.sendall(request)
        time.sleep(1)
        return asked(port, "/")


def asked(port: int, path: str) -> float:
    """Seconds until the whole answer is there; PATIENCE when it does not come."""
    began = time.monotonic()
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            while client.recv(65536):
                pass
    except OSError:
        return PATIENCE
    return time.monotonic() - began


def drained(port: int, process: subprocess.Popen[bytes]) -> bool:
    """Whether what is being answered when SIGTERM comes is answered."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
        client.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        try:
            return client.recv(100).startswith(b"HTTP/1.1 200")
        except OSError:
            return False


def main() -> None:
    """Print a table."""
    rates: dict[tuple[str, str], list[float]] = {}
    for _ in range(TURNS):
        for name in SERVERS:
            with running(name) as (port, process):
                for path in ("/", "/page"):
                    rate = answered(port, process, path)
                    rates.setdefault((name, path), []).append(rate)
    print(
        "server, own MiB (PSS), requests/s, pages/s of processor, behind unfinished, behind unread, drains"
    )
    unfinished = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\nx"
    for name in SERVERS:
        with running(name) as (port, process):
            mib = weigh(process.pid).mib
            waits = behind(port, unfinished)
        with running(name) as (port, process):
            unread = behind(port, b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        with running(name) as (port, process):
            drains = drained(port, process)
        middle = [sorted(rates[name, path])[TURNS // 2] for path in ("/", "/page")]
        print(f"{name}: {mib:.0f}, {middle[0]:.0f}, {middle[1]:.0f}, {waits:.2f} s, {unread:.2f} s,",
              "yes" if drains else "no", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
