"""A stack in one folder: services, and the processes of the project on top of them.

    with Stack(tmp_path / "state").start() as stack:            # everything, on free ports
        httpx.get(stack.site_url, ...)
        stack.kill("redis")                                     # ends it; it starts again by itself
        stack.wait_until_ready("redis")

    with Stack(tmp_path / "state").start(services_only=True) as stack:
        psycopg.connect(stack.env["DATABASE_URL"])

Use it from a thread that outlives it: the kernel ends the processes together with that thread.
"""

import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Self

from plg_site.devstack import ports, postgres, preparation, programs, valkey
from plg_site.devstack.log import Log
from plg_site.devstack.options import ROOT
from plg_site.devstack.progress import Step, step
from plg_site.devstack.state import State
from plg_site.devstack.supervisor import Process, Supervisor


class Stack:
    """A stack that starts once. Raises StateNotUsable, PortTaken, CannotRun and NotReady."""

    def __init__(
        self,
        folder: Path | None = None,
        *,
        port: int | None = None,
        throw_away: bool = False,
        reload: bool = False,
        show: bool = False,
        apart: bool = False,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        """`folder` None: a temporary one. `port` None: any free one.

        `throw_away` removes the folder at the end; a temporary one always is. `show` prints each
        step with its time. `apart` runs each part of the background as a process of its own, as in
        production. `environ` stands for this process's variables.
        """
        self._throw_away = throw_away or folder is None
        self.state = State(folder or Path(tempfile.mkdtemp(prefix="plg-")))
        self._port = port
        self._reload = reload
        self._show = show
        self._apart = apart
        self._given = programs.without_made_up(os.environ if environ is None else environ)
        self._services_only = False
        self.env: dict[str, str] = {}
        self.services: dict[str, str] = {}
        self.demo = preparation.Demo()

    def start(self, *, services_only: bool = False) -> Self:
        """Start it and wait until it can be used. When that fails, nothing is left running."""
        self._services_only = services_only
        self.state.open(say=lambda text: print(f"  … {text}", flush=True) if self._show else None)
        (self.state.path / "run").mkdir(mode=0o700, exist_ok=True)
        self.log = Log(self.state.log_path)
        self.supervisor = Supervisor(self.log, keep_open=self.state.children_lock)
        try:
            self.addresses = self._choose_addresses()
            self.services = self._own_services()
            self.env = programs.environment(
                self.state, self.addresses, self._given, services=self.services
            )
            if self._reload and not self.env.get("BIND_HOST"):  # on loopback alone
                self.env["SHOW_ERRORS"] = "1"
            self.state.keep_environment(self.env)
            if not services_only:  # it imports while the services start
                self.supervisor.start(programs.preloaded(self.env))
            self._start_postgres()
            self._start_redis()
            if not services_only:
                self._preload()
                self._start_stripe()
                self._prepare()
                self._start_application()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop every process, the application before its services."""
        self.supervisor.stop()
        self.state.forget_environment()
        self.log.close()
        self.state.close()
        if self._throw_away:
            self.state.remove()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.stop()

    @property
    def site_url(self) -> str:
        """Like http://plg.localhost:8000, without a slash at the end."""
        return self.addresses.site

    def workspace_url(self, slug: str) -> str:
        return self.addresses.workspace(slug)

    def process(self, name: str) -> Process:
        """postgres, redis, preloaded, stripe, web, background, live or collect.

        `apart`: worker, events, outbound and beat in the place of background. `.pid` is None while
        it is down.
        """
        return self.supervisor.process(name)

    def restart(self, name: str) -> None:
        """Stop it, start it (also when it was kept down) and wait until it is ready."""
        self.supervisor.restart(name)
        self.supervisor.wait_until_ready(name)

    def kill(self, name: str, number: int = signal.SIGKILL, *, stay_down: bool = False) -> None:
        """Signal it and wait for its end. It starts again by itself, unless `stay_down`."""
        self.supervisor.kill(name, number, stay_down=stay_down)

    def wait_until_ready(self, name: str) -> None:
        self.supervisor.wait_until_ready(name)

    def manage(self, *arguments: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """Run a management command in this stack's environment."""
        return subprocess.run(  # noqa: S603
            programs.manage(*arguments), env=self.env, cwd=ROOT, capture_output=True, text=True,
            timeout=timeout,
        )  # fmt: skip

    def _choose_addresses(self) -> programs.Addresses:
        port = self._port if self._port is not None else ports.find_free(neighbours=3)
        simulates = not self._given.get("STRIPE_SECRET_KEY")
        for number, what in (
            (port, "The website's port"),
            (port + 1, "The Stripe simulator's port"),
            (port + 2, "The live updates' port"),
            (port + 3, "The collector's port"),
        ):
            if ports.is_free(number) or (number == port + 1 and not simulates):
                continue
            raise ports.PortTaken(
                f"{what} {number} is in use by another program. Stop it, or choose another: "
                f"bin/dev --port {ports.find_free(neighbours=3)}"
            )
        domain = self._given.get("SITE_DOMAIN") or "plg.localhost"
        return programs.Addresses(
            domain=domain,
            port=port,
            stripe_port=port + 1,
            live_port=port + 2,
            collect_port=port + 3,
        )

    def _own_services(self) -> dict[str, str]:
        """Addresses of what this stack starts itself: all that was not given."""
        found = {}
        if self._needs_postgres():
            main, events = postgres.urls(self.state)
            found["DATABASE_URL"] = main
            if not programs.is_clickhouse(self._given.get("EVENTS_DATABASE_URL", "")):
                found["EVENTS_DATABASE_URL"] = events
        if not self._given.get("REDIS_URL"):
            found["REDIS_URL"] = valkey.url(self.state)
        return found

    def _needs_postgres(self) -> bool:
        return not (self._given.get("DATABASE_URL") and self._given.get("EVENTS_DATABASE_URL"))

    def _start_postgres(self) -> None:
        if not self._needs_postgres():
            return
        with self._step("PostgreSQL") as shown:
            server = postgres.set_up(
                self.state, small=not (self._apart or self._services_only), say=shown.doing
            )
            self.supervisor.start(server.program())
            self.supervisor.wait_until_ready("postgres")
            server.make_databases()
            shown.note = f"127.0.0.1:{server.port}"

    def _start_redis(self) -> None:
        if self._given.get("REDIS_URL"):
            return
        with self._step("Redis") as shown:
            server = valkey.set_up(self.state)
            self.supervisor.start(server.program())
            self.supervisor.wait_until_ready("redis")
            shown.note = f"127.0.0.1:{server.port}"

    def _preload(self) -> None:
        with self._step("Project loaded"):
            self.supervisor.wait_until_ready(programs.PRELOADED)

    def _start_stripe(self) -> None:
        if not programs.simulates_stripe(self.env):
            return
        with self._step("Stripe simulator") as shown:
            self.supervisor.start(programs.stripe(self.state, self.addresses, self.env))
            self.supervisor.wait_until_ready("stripe")
            shown.note = self.addresses.stripe

    def _prepare(self) -> None:
        with self._step("Database, demo and site") as shown:
            self.demo = preparation.prepare(self.supervisor, self.state, self.env, shown)

    def _start_application(self) -> None:
        """All at once: each starts its threads and connections, and two of them fork once more."""
        with self._step("Processes") as shown:
            started = (
                programs.web(self.addresses, self.env),
                *self._background(),
                programs.live(self.addresses, self.env),
                programs.collect(self.addresses, self.env),
            )
            for program in started:
                self.supervisor.start(program)
            for program in started:
                shown.doing(f"waiting for {program.name}")
                self.supervisor.wait_until_ready(program.name)
            shown.note = ", ".join(program.name for program in started)

    def _background(self) -> Sequence[programs.Program]:
        if not self._apart:
            return (programs.background(self.env),)
        return (
            programs.worker(self.env),
            programs.events(self.env),
            programs.outbound(self.env),
            programs.beat(self.state, self.env),
        )

    def _step(self, name: str) -> AbstractContextManager[Step]:
        return step(name, shown=self._show)
