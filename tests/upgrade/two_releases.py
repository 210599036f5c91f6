"""The release before and this one on the same services: which processes are of which is said, and
changed, one by one."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path

from bench.against import Code
from plg_site.devstack import programs
from plg_site.devstack.options import ROOT
from plg_site.devstack.program import Program
from plg_site.devstack.programs import without_made_up, without_services
from plg_site.devstack.stack import Stack
from tests.tenants.fleet import later

_WRONG = re.compile(r"\b(Traceback|ERROR|\w+Error|DeadlockDetected|LockNotAvailable)\b")
_AROUND = range(-2, 6)
_IN = 'cd "$0" && exec "$@"'  # what is imported is what lies there


def services() -> Stack:
    """PostgreSQL, Redis and the simulator of Stripe, of this release; nothing else runs."""
    environ = without_services(without_made_up(os.environ)) | {
        "SIGNUPS_BY_ADDRESS": "1000/m",
        "SIGNUP_FORM_SECONDS": "0",
        "TRUSTED_PROXIES": "127.0.0.1/32",
        "WEB_WORKERS": "1",
        "POOL_MIN": "5",
    }
    stack = Stack(throw_away=True, environ=environ).start(services_only=True)
    stack.supervisor.start(programs.stripe(stack.state, stack.addresses, stack.env))
    stack.wait_until_ready("stripe")
    return stack


def tracebacks(stack: Stack, *, most: int = 200) -> list[str]:
    """What the processes said of what went wrong, as far as the log has it: the last lines of each."""
    lines = stack.state.log_path.read_text(errors="replace").splitlines()
    near = {at + step for at, line in enumerate(lines) if _WRONG.search(line) for step in _AROUND}
    return [lines[at] for at in sorted(near) if 0 <= at < len(lines)][-most:]


class Release:
    """Code, and the environment of its processes, deployed as it would be: no DEBUG, hashed files."""

    def __init__(self, stack: Stack, code: Code, **variables: str) -> None:
        self.stack, self.code = stack, code
        self.env = stack.env | {"DEBUG": "0", "WATCH_FILES": "0", "PYTHONPATH": str(code.tree)}
        self.env |= variables

    def with_new_tables(self, folder: Path) -> Release:
        """The same, whose migrations add to the tables of workspaces and to shared ones."""
        product = later.write(folder, add_note=later.ADD_NOTE)
        shared = later.write(folder, app="tenants", add_remark=later.ADD_REMARK)
        (folder / "later_settings.py").write_text(
            "from plg_site.settings import *  # noqa: F403\n"
            f"MIGRATION_MODULES = {{'product': {product!r}, 'tenants': {shared!r}}}\n"
        )
        return Release(
            self.stack, self.code,
            PYTHONPATH=f"{folder}{os.pathsep}{self.code.tree}",
            DJANGO_SETTINGS_MODULE="later_settings",
        )  # fmt: skip

    def manage(self, *words: str) -> str:
        """What a management command of this release says."""
        return self._run(str(self.code.tree / "manage.py"), *words)

    def run(self, script: Path, *words: str) -> str:
        return self._run(str(script), *words)

    def web(self, name: str, port: int) -> Program:
        addresses = replace(self.stack.addresses, port=port)
        return replace(self._of_this(programs.web(addresses, self.env)), name=name)

    def behind(self) -> list[Program]:
        """What runs besides the web: tasks, events, mails, and what tells open pages."""
        live = programs.live(self.stack.addresses, self.env)
        return [self._of_this(programs.background(self.env)), self._of_this(live)]

    def put(self, program: Program) -> None:
        """Start it; in the place of the one of that name, if there is one, which ends first."""
        supervisor = self.stack.supervisor
        try:
            supervisor.process(program.name).program = program
        except KeyError:
            supervisor.start(program)
        else:
            supervisor.restart(program.name)
        supervisor.wait_until_ready(program.name)

    def _of_this(self, program: Program) -> Program:
        words = [str(word).replace(str(ROOT), str(self.code.tree)) for word in program.command[1:]]
        command = ["/bin/sh", "-c", _IN, str(self.code.tree), str(self.code.python), *words]
        env = {**program.env, "PYTHONPATH": self.env["PYTHONPATH"]}
        return replace(
            program, command=command, env=env, parent="", ready_within=120.0, stop_within=30.0
        )

    def _run(self, *words: str) -> str:
        done = subprocess.run(
            [str(self.code.python), *words],
            env=self.env, cwd=self.code.tree, capture_output=True, text=True, timeout=600,
        )  # fmt: skip
        assert done.returncode == 0, f"{words}: {done.stdout[-4000:]}{done.stderr[-4000:]}"
        return done.stdout
