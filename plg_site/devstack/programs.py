"""What the processes of the project are, and the environment that they share."""

import os
import re
import secrets
import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from plg_site import roles
from plg_site.devstack import loopback, ports, valkey
from plg_site.devstack.options import ROOT
from plg_site.devstack.program import Program
from plg_site.devstack.state import State

# Layers: each stops before what it uses. The simulator is forked, too, and answers the application.
SERVICES, PARENT, SIMULATOR, APPLICATION = range(4)
PRELOADED = "preloaded"  # the process that forks all others of the project
SIMULATOR_KEY = "sk_test_" + "simulator" * 3  # dj-stripe wants 24 letters or more
EVERYWHERE = {"0.0.0.0", "::"}  # noqa: S104  only when the developer asks for it
MADE_UP = "PLG_MADE_UP"  # names of the variables that a stack made up, for a stack inside it
SERVICE_VARIABLES = ("DATABASE_URL", "EVENTS_DATABASE_URL", "REDIS_URL", "STRIPE_")
# Celery warns of root; here there is nothing but what the developer started.
WORKER_NOISE = re.compile(
    r"SecurityWarning|superuser privileges|absolutely not recommended|specify a different user"
    r"|^User information: |_warn_or_raise_security_error|^\s*egid, euid|^\s*euid=euid"
)

_UVICORN_NOISE = re.compile(r"startup|shutdown|server process|Shutting down|Uvicorn running")


@dataclass(frozen=True)
class Addresses:
    """Where this stack is found from a browser on this machine."""

    domain: str
    port: int
    stripe_port: int
    live_port: int
    collect_port: int

    @property
    def site(self) -> str:
        return f"http://{self.domain}:{self.port}"

    @property
    def stripe(self) -> str:
        return f"http://{ports.LOOPBACK}:{self.stripe_port}"

    def workspace(self, slug: str) -> str:
        return f"http://{slug}.{self.domain}:{self.port}"


def environment(
    state: State, addresses: Addresses, given: Mapping[str, str], *, services: Mapping[str, str]
) -> dict[str, str]:
    """Variables of every process: what was given wins over what the stack makes up."""
    made_up = {
        **services,
        "SECRET_KEY": state.secret("secret_key"),
        "WATCH_FILES": "1",
        "MAIL_OUTBOX": "1",
        "WEBHOOKS_TO_LOOPBACK": "1",
        "PRESSURE_BY_ITSELF": "0",  # a laptop that is busy is no launch day
        "SUPPORT_EMAIL": f"help@{addresses.domain}",
        "SITE_DOMAIN": addresses.domain,
        "LIVE_URL": f"http://{addresses.domain}:{addresses.live_port}",
        "COLLECT_URL": f"http://{addresses.domain}:{addresses.collect_port}",
        "DATABASE_POOL_MIN": "0",  # who waits for a developer holds no connection meanwhile
        "XDG_RUNTIME_DIR": str(state.path / "run"),  # libraries warn when there is none
    }
    fixed = {
        "DJANGO_SETTINGS_MODULE": "plg_site.settings",
        "STATE_DIR": str(state.path),
        "PUBLIC_SCHEME": "http",
        "PUBLIC_PORT": str(addresses.port),
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "MALLOC_ARENA_MAX": "2",  # glibc: not eight heaps a core for threads that mostly wait
        "PATH": _search_path(given),
    }
    given = {name: value for name, value in given.items() if value or name not in made_up}
    env = {**made_up, **given, **fixed, **_stripe(state, addresses, given)}
    env |= loopback.without_proxy(given, env["SITE_DOMAIN"])
    return {**env, MADE_UP: ",".join(name for name in env if name not in given)}


def without_made_up(environ: Mapping[str, str]) -> dict[str, str]:
    """What was given from outside: a stack inside another one must not use the other's services."""
    made_up = {MADE_UP, *environ.get(MADE_UP, "").split(",")}
    return {name: value for name, value in environ.items() if name not in made_up}


def without_services(environ: Mapping[str, str]) -> dict[str, str]:
    """For a stack that must have services, state and settings of its own, whatever was given."""
    not_kept = (*SERVICE_VARIABLES, "STATE_DIR", "DEBUG", "DJANGO_SETTINGS_MODULE")
    return {name: value for name, value in environ.items() if not name.startswith(not_kept)}


def simulates_stripe(env: Mapping[str, str]) -> bool:
    return env["STRIPE_SIMULATED"] == "1"


def preloaded(env: Mapping[str, str]) -> Program:
    """Loads the project once; what names it as parent is forked from it."""
    return Program(
        name=PRELOADED,
        command=python("-m", "plg_site.devstack.forking", "plg_site.preloading"),
        env=env,
        layer=PARENT,
        forks=True,
    )


def stripe(state: State, addresses: Addresses, env: Mapping[str, str]) -> Program:
    hook = f"{addresses.site}/stripe/webhook/{env['STRIPE_WEBHOOK_UUID']}/"
    return Program(
        name="stripe",
        command=python(
            "-m", "stripe_simulator", "--port", str(addresses.stripe_port),
            "--state", str(state.path / "stripe"), "--webhook-url", hook,
            "--webhook-secret", env["STRIPE_WEBHOOK_SECRET"],
        ),
        env=env,
        ready=lambda: ports.answers(addresses.stripe_port),
        quiet=re.compile(r" 200 \(\d+ ms\)$| HTTP 200$"),
        layer=SIMULATOR,
        parent=PRELOADED,
    )  # fmt: skip


def web(addresses: Addresses, env: Mapping[str, str]) -> Program:
    extra = env.get("BIND_HOST") or ports.LOOPBACK
    hosts = [extra] if extra in EVERYWHERE else sorted({ports.LOOPBACK, extra})
    bind = ",".join(f"{f'[{host}]' if ':' in host else host}:{addresses.port}" for host in hosts)
    return Program(
        name="web",
        command=roles.command("web"),
        env={**env, "WEB_BIND": bind},
        # By address, as a load balancer asks: the site's name is at one port only, and a second web
        # process listens at another.
        ready=lambda: ports.answers_http(addresses.port, host=ports.LOOPBACK, path="/healthz"),
        layer=APPLICATION,
        parent=PRELOADED,
    )


def worker(env: Mapping[str, str]) -> Program:
    return Program(
        name="worker",
        command=roles.command("worker", env=env),
        env={**env, "CELERY_SKIP_CHECKS": "1"},  # `prepare` has just run them
        # It waits for tasks: the broker has a client that blocks on a list.
        ready=lambda: "cmd=brpop" in valkey.ask(env["REDIS_URL"], "CLIENT", "LIST"),
        layer=APPLICATION,
        parent=PRELOADED,
        quiet=WORKER_NOISE,
    )


def beat(state: State, env: Mapping[str, str]) -> Program:
    return Program(
        name="beat",
        command=roles.command("beat", env={**env, "STATE_DIR": str(state.path)}),
        env=env,
        layer=APPLICATION,
        parent=PRELOADED,
        quiet=WORKER_NOISE,
    )


def events(env: Mapping[str, str]) -> Program:
    """The consumer and, as on a small machine, the readers in the same process."""
    command = roles.command("events", ["--readers"])
    return Program(name="events", command=command, env=env, layer=APPLICATION, parent=PRELOADED)


def outbound(env: Mapping[str, str]) -> Program:
    return Program(
        name="outbound",
        command=roles.command("outbound"),
        env=env,
        layer=APPLICATION,
        parent=PRELOADED,
        quiet=re.compile(r"outbound_started|outbound_stopped"),
    )


def background(env: Mapping[str, str]) -> Program:
    """What `worker`, `events`, `outbound` and `beat` do, in threads of one process."""
    return Program(
        name="background",
        command=roles.command("background"),
        env={**env, "CELERY_SKIP_CHECKS": "1"},
        ready=lambda: "cmd=brpop" in valkey.ask(env["REDIS_URL"], "CLIENT", "LIST"),
        layer=APPLICATION,
        parent=PRELOADED,
        quiet=WORKER_NOISE,
    )


def live(addresses: Addresses, env: Mapping[str, str]) -> Program:
    bind = _beside_web(addresses.live_port, env)
    return Program(
        name="live",
        command=roles.command("live", env={"LIVE_BIND": bind}),
        env=env,
        ready=lambda: ports.answers_http(
            addresses.live_port, host=addresses.domain, path="/healthz"
        ),
        layer=APPLICATION,
        parent=PRELOADED,
        quiet=_UVICORN_NOISE,
    )


def collect(addresses: Addresses, env: Mapping[str, str]) -> Program:
    bind = _beside_web(addresses.collect_port, env)
    return Program(
        name="collect",
        command=roles.command("collect", env={"COLLECT_BIND": bind}),
        env=env,
        ready=lambda: ports.answers_http(
            addresses.collect_port, host=addresses.domain, path="/healthz"
        ),
        layer=APPLICATION,
        parent=PRELOADED,
        quiet=_UVICORN_NOISE,
    )


def manage(*arguments: str) -> list[str]:
    """The command line of a management command."""
    return python(str(ROOT / "manage.py"), *arguments)


def is_clickhouse(url: str) -> bool:
    """Whether events go to a ClickHouse server. Said here, too: no package may be needed yet."""
    return url.startswith("clickhouse")


def python(*arguments: str) -> list[str]:
    """The command line of the interpreter that runs this."""
    return [sys.executable, *arguments]


def _beside_web(port: int, env: Mapping[str, str]) -> str:
    """Where a process listens that browsers ask at a port of its own."""
    asked = env.get("BIND_HOST", "")
    host = asked if asked in EVERYWHERE else ports.LOOPBACK
    return f"{f'[{host}]' if ':' in host else host}:{port}"


def _stripe(state: State, addresses: Addresses, given: Mapping[str, str]) -> dict[str, str]:
    if given.get("STRIPE_SECRET_KEY"):
        return {"STRIPE_SIMULATED": "0"}  # a key is for the real one
    return {
        "STRIPE_SIMULATED": "1",
        "STRIPE_SECRET_KEY": SIMULATOR_KEY,
        "STRIPE_API_HOST": addresses.stripe,
        "STRIPE_WEBHOOK_UUID": state.secret("stripe_webhook_uuid", lambda: str(uuid.uuid4())),
        "STRIPE_WEBHOOK_SECRET": state.secret(
            "stripe_webhook_secret", lambda: f"whsec_{secrets.token_hex(24)}"
        ),
    }


def _search_path(given: Mapping[str, str]) -> str:
    """The embedded PostgreSQL first, as its pg_dump fits its server; then the virtual environment."""
    from plg_site.devstack import postgres

    folders = [str(Path(sys.executable).parent), given.get("PATH", os.defpath)]
    if not (given.get("DATABASE_URL") and given.get("EVENTS_DATABASE_URL")):
        folders.insert(0, str(postgres.binaries_folder()))
    return os.pathsep.join(folders)
