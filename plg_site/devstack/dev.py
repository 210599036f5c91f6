"""`bin/dev`: start everything, show where it is, and keep it running until Ctrl-C."""

import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from plg_site.devstack import postgres, reloading, valkey
from plg_site.devstack.options import ROOT
from plg_site.devstack.ports import PortTaken
from plg_site.devstack.preparation import PreparationFailed
from plg_site.devstack.programs import PRELOADED, manage, simulates_stripe
from plg_site.devstack.progress import colour
from plg_site.devstack.stack import Stack
from plg_site.devstack.state import StateNotUsable
from plg_site.devstack.supervisor import NotReady

WALK_SECONDS = 180
EXPECTED = (
    StateNotUsable,
    PortTaken,
    NotReady,
    PreparationFailed,
    postgres.CannotRun,
    valkey.CannotRun,
)


def serve(folder: Path, port: int, *, environ: Mapping[str, str] = os.environ) -> int:
    """Run the stack until it is told to stop; exit code 1 when it cannot start."""
    stack = Stack(folder, port=port, reload=True, show=True, environ=environ)
    print(colour("Starting the development stack", "1"), flush=True)
    try:
        stack.start()
    except EXPECTED as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    print(_where(stack), flush=True)
    stack.log.echo = True
    try:
        reloading.watch(stack)
    except KeyboardInterrupt:
        return 0
    finally:
        _stop(stack)


def check(*, environ: Mapping[str, str] = os.environ) -> int:
    """Walk the main journey against a fresh stack; exit code 0 when every step was right."""
    began = time.monotonic()
    stack = Stack(Path(tempfile.mkdtemp(prefix="plg-check-")), show=True, environ=environ)
    print(colour("Checking the main journey on a fresh stack", "1"), flush=True)
    try:
        stack.start()
        print(colour(f"\nWalking {stack.site_url}", "1"), flush=True)
        code = stack.supervisor.run(
            "walk", manage("walk", "--site", stack.site_url), env=stack.env, within=WALK_SECONDS,
            each_line=lambda line: print(line, flush=True), parent=PRELOADED,
        )  # fmt: skip
    except EXPECTED as error:
        print(f"\n{error}", file=sys.stderr)
        code = 1
    finally:
        _stop(stack)
        kept = _keep_log(stack)
        stack.state.remove()
    verdict = colour("passed", "32") if code == 0 else colour(f"FAILED; log: {kept}", "31")
    print(f"\nCheck {verdict} in {time.monotonic() - began:.1f} s", flush=True)
    return min(code, 1)


def _keep_log(stack: Stack) -> Path:
    """The temporary state goes away; its log stays for who has to find out."""
    kept = ROOT / ".local" / "check.log"
    kept.parent.mkdir(exist_ok=True)
    if stack.state.log_path.exists():
        shutil.copyfile(stack.state.log_path, kept)
    return kept


def _stop(stack: Stack) -> None:
    with _second_interrupt_kills():
        stack.log.echo = False
        began = time.monotonic()
        stack.stop()
        print(f"\nStopped in {time.monotonic() - began:.1f} s", flush=True)


@contextmanager
def _second_interrupt_kills() -> Iterator[None]:
    """While stopping, another Ctrl-C ends at once: the kernel then signals every process."""
    previous = signal.signal(signal.SIGINT, lambda *_: os._exit(130))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


def _where(stack: Stack) -> str:
    workspace = stack.demo.demo_workspace
    rows = [("Website", f"{stack.site_url}/"), ("Content editor", f"{stack.site_url}/cms/")]
    if workspace:
        home = stack.workspace_url(workspace)
        rows += [("Demo workspace", f"{home}/"), ("  its usage", f"{home}/usage/")]
        rows += [("  its billing", f"{home}/billing/")]
    if not stack.env.get("EMAIL_URL"):
        rows.append(("Mail outbox", f"{stack.site_url}/outbox/"))
    if simulates_stripe(stack.env):
        rows.append(("Stripe simulator", f"{stack.addresses.stripe}/"))
    rows.append(("Log file", str(stack.state.log_path)))
    lines = ["", *(f"  {name:<18} {colour(value, '36')}" for name, value in rows)]
    if stack.demo.logins:
        lines += ["", "  Sign in as"]
        lines += [
            f"    {login['role']:<16} {login['email']:<28} {login['password']}"
            f"{'   and a code' if login.get('second_factor') else ''}"
            for login in stack.demo.logins
        ]
        lines += [
            "",
            "  The code is shown in this log when it is asked for. For an authenticator app:",
        ]
        lines += [f"    {stack.demo.second_factor_secret}"]
    started = float(os.environ.get("PLG_STARTED_AT") or time.time())
    lines += ["", f"  Ready in {time.time() - started:.1f} s. Ctrl-C stops everything.", ""]
    return "\n".join(lines)
