"""bin/run becomes any process of an installation, and says what it lacks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from plg_site import queues, roles
from plg_site.devstack import programs
from plg_site.devstack.options import ROOT
from plg_site.devstack.state import State

EVERY = sorted(roles.ROLES)


def bin_run(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    known = {"PATH": os.environ["PATH"], "PYTHON": sys.executable, **env}
    return subprocess.run(
        [ROOT / "bin" / "run", *words], env=known, capture_output=True, text=True, timeout=120
    )


@pytest.mark.parametrize(
    "role", [pytest.param(role, marks=[pytest.mark.thorough] * (role != "web")) for role in EVERY]
)
def test_a_role_without_settings_says_in_words_which_it_needs(role: str):
    ended = bin_run(role)
    assert ended.returncode == roles.NOT_SET_UP
    for name in ("SECRET_KEY", "DATABASE_URL", "EVENTS_DATABASE_URL", "REDIS_URL", "EMAIL_URL"):
        assert f"- {name} is not set" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_it_names_its_roles_and_refuses_others():
    said = bin_run("--help")
    assert said.returncode == 0
    assert all(f"  {role} " in said.stdout for role in EVERY)
    for words in (["webb"], ["worker", "never"]):
        refused = bin_run(*words)
        assert refused.returncode == 2
        assert "There are: web" in refused.stderr or "Queues are now" in refused.stderr


def test_the_process_becomes_the_role_with_nothing_in_between():
    """Its own id is that of what it was called as, and what follows the role reaches its command."""
    complete = {name: os.environ[name] for name in os.environ if name != "PYTHON"}
    with subprocess.Popen(
        [ROOT / "bin" / "run", "prepare", "--version"],
        env={**complete, "PYTHON": sys.executable}, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        said, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    assert said.strip().startswith("5.")  # Django's own answer


def test_development_starts_what_an_installation_starts(tmp_path: Path):
    state, env = State(tmp_path), {"REDIS_URL": "redis://127.0.0.1:1/0"}
    addresses = programs.Addresses(
        domain="plg.localhost", port=1, stripe_port=2, live_port=3, collect_port=4
    )
    there = {
        "web": programs.web(addresses, env),
        "worker": programs.worker(env),
        "beat": programs.beat(state, env),
        "events": programs.events(env),
        "outbound": programs.outbound(env),
        "background": programs.background(env),
        "live": programs.live(addresses, env),
        "collect": programs.collect(addresses, env),
    }
    given = {**env, "STATE_DIR": str(tmp_path), "LIVE_BIND": "127.0.0.1:3"}
    given["COLLECT_BIND"] = "127.0.0.1:4"
    more = {"events": ["--readers"]}
    for role, program in there.items():
        assert program.command == roles.command(role, more.get(role, ()), env=given), role


def of_worker(*words: str, **env: str) -> list[str]:
    return roles.command("worker", words, env=env)


def test_a_worker_of_some_queues_takes_these_in_their_order():
    known = set(settings.CELERY_TASK_QUEUES)
    for asked in (["now"], ["bulk", "now"], ["beat", "soon"], [*queues.ORDER]):
        words = of_worker(*asked, CELERY_QUEUE=settings.CELERY_TASK_DEFAULT_QUEUE.split(".")[0])
        names = words[words.index("--queues") + 1].split(",")
        assert set(names) <= known
        promised = [name.rpartition(".")[2] for name in names if "." in name]
        assert promised == [each for each in queues.ORDER if each in asked]
        assert (names[0] == words[0] or "." not in names[0]) == ("soon" in asked)
    assert "--queues" not in of_worker()


def test_options_reach_the_worker_and_the_environment_says_how_many_tasks():
    words = of_worker("now", "--max-tasks-per-child", "4", WORKER_CONCURRENCY="7")
    assert words[-2:] == ["--max-tasks-per-child", "4"]
    assert words[words.index("--concurrency") + 1] == "7"
