"""What compares WSGI servers measures the one that we run; the others are no packages of ours."""

from __future__ import annotations

from bench.serving import servers

OURS = "gunicorn, our worker"


def test_it_measures_our_worker():
    with servers.running(OURS) as (port, process):
        unfinished = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\nx"
        assert servers.behind(port, unfinished) < servers.PATIENCE
        assert servers.drained(port, process)
