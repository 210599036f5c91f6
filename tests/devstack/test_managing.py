"""`bin/manage`: a command beside the running stack needs nothing to be set."""

import os
import subprocess
from pathlib import Path

from plg_site.devstack.options import ROOT
from plg_site.devstack.stack import Stack

MANAGE = ROOT / "bin" / "manage"


def manage(*arguments: str, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [MANAGE, *arguments], env=environ, cwd="/", capture_output=True, text=True, timeout=60
    )


def test_a_command_runs_with_the_settings_of_the_running_stack(
    services: Stack, bare_environ: dict[str, str]
) -> None:
    code = "from django.conf import settings; print(settings.STATE_DIR, settings.SITE_URL)"
    ended = manage(
        "--state", str(services.state.path), "shell", "-v0", "-c", code, environ=bare_environ
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.split() == [str(services.state.path), services.site_url]


def test_without_a_stack_it_says_what_to_do(tmp_path: Path, bare_environ: dict[str, str]) -> None:
    ended = manage("--state", str(tmp_path), "check", environ=bare_environ)
    assert ended.returncode == 2
    assert "start it with bin/dev" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_what_a_killed_stack_left_is_not_taken_for_a_running_one(
    tmp_path: Path, bare_environ: dict[str, str]
) -> None:
    (tmp_path / "supervisor.lock").touch()
    (tmp_path / "environment").write_text('{"SECRET_KEY": "old"}')
    assert manage("--state", str(tmp_path), "check", environ=bare_environ).returncode == 2


def test_a_given_environment_is_taken_as_it_is(services: Stack) -> None:
    """As in production: no folder is named, and no stack is looked for."""
    code = (
        "from django.conf import settings; import sys\n"
        "print(settings.SITE_DOMAIN, sys.dont_write_bytecode)"
    )
    environ = {**services.env, "SITE_DOMAIN": "plg.localhost", "APP_DOMAIN": "app.plg.localhost"}
    environ["PYTHONDONTWRITEBYTECODE"] = "1"  # but for this: it would cost every process a second
    ended = manage("shell", "-v0", "-c", code, environ=environ)
    assert ended.stdout.strip() == "plg.localhost False", ended.stderr


def test_the_environment_is_for_its_owner_alone_and_goes_with_the_stack(
    tmp_path: Path, bare_environ: dict[str, str]
) -> None:
    with Stack(tmp_path / "state", environ=bare_environ).start(services_only=True) as stack:
        file = stack.state.path / "environment"
        assert os.stat(file).st_mode & 0o777 == 0o600
    assert not file.exists()
