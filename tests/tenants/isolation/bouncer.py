"""A PgBouncer of our own in front of the tests' server, where it is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from plg_site.devstack import ports

_WHERE = f"{os.environ.get('PATH', '')}:/usr/sbin"
PROGRAM = os.environ.get("PGBOUNCER") or shutil.which("pgbouncer", path=_WHERE)
MISSING = "PgBouncer is not installed (Debian: apt-get install pgbouncer)"


@contextmanager
def running(url: str, *, mode: str, folder: Path, **settings: object) -> Iterator[str]:
    """The address of the database `url` through a pooler in this mode."""
    assert PROGRAM, MISSING
    to, port = urlsplit(url), ports.find_free()
    said = {
        "listen_addr": ports.LOOPBACK,
        "listen_port": port,
        "unix_socket_dir": "",
        "auth_type": "any",
        "pool_mode": mode,
        "default_pool_size": 8,
        "logfile": folder / "pgbouncer.log",
        **settings,
    }
    if os.geteuid() == 0:  # it refuses to run as root, and gives that up by itself
        said["user"] = "nobody"
        for path in (folder, *folder.parents[:2]):
            path.chmod(0o755)
        folder.chmod(0o777)
    config = folder / "pgbouncer.ini"
    target = f"host={to.hostname} port={to.port} user={to.username} password={to.password}"
    lines = [f"{name} = {value}" for name, value in said.items()]
    config.write_text("\n".join(["[databases]", f"* = {target}", "[pgbouncer]", *lines, ""]))
    config.chmod(0o644)
    process = subprocess.Popen([PROGRAM, "-q", str(config)], stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while not ports.answers(port):
            assert process.poll() is None, "PgBouncer did not start"
            assert time.monotonic() < deadline, "PgBouncer does not answer"
            time.sleep(0.02)
        yield urlunsplit(to._replace(netloc=f"{to.username}:x@{ports.LOOPBACK}:{port}"))
    finally:
        process.terminate()
        process.wait(timeout=60)
