"""`bin/dev` restarts all of the project when a file changes."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from plg_site.devstack import ports, reloading
from plg_site.devstack.reloading import Watcher
from plg_site.walk.browser import Browser
from tests.devstack.adopters import copy_of_the_tree, in_tree, shell_of

PROJECT = {"web", "background", "live", "collect"}
SECONDS = 60


@pytest.fixture
def files(tmp_path: Path) -> Path:
    for name in ("shelf/views.py", "shelf/templates/home.html", "shelf/gone.py", "tests/test_a.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("one = 1\n")
    return tmp_path


def test_files_that_are_new_changed_or_gone_are_told_once(files: Path) -> None:
    watcher = Watcher(files)
    assert watcher.changed() == []
    (files / "shelf/views.py").write_text("two = 22\n")
    (files / "shelf/new.py").touch()
    (files / "shelf/gone.py").unlink()
    (files / "tests/test_a.py").write_text("no process reads this\n")
    (files / "shelf/views.pyc").touch()
    assert [str(path) for path in watcher.changed()] == [
        "shelf/gone.py",
        "shelf/new.py",
        "shelf/views.py",
    ]
    assert watcher.changed() == []


@pytest.mark.parametrize(
    ("path", "prepared"),
    [
        ("shelf/views.py", False),
        ("shelf/catalogue.py", True),
        ("shelf/migrations/0002_book.py", True),
        ("metering/sql/0012_new.sql", True),
        ("shelf/templates/shelf/home.html", False),
    ],
)
def test_tables_and_plans_follow_what_they_are_made_of(path: str, prepared: bool) -> None:
    assert reloading._is_prepared(Path(path)) is prepared


def test_a_file_that_is_no_python_is_said_to_be(files: Path) -> None:
    (files / "shelf/views.py").write_text("def broken(:\n")
    (said,) = reloading._broken([Path("shelf/views.py"), Path("shelf/gone.py")], files)
    assert said.startswith("shelf/views.py: ")
    assert "line 1" in said


class Running:
    """`bin/dev` in a copy of the tree, and its log."""

    def __init__(self, tree: Path, port: int, process: subprocess.Popen[bytes]) -> None:
        self.tree, self.port, self.process = tree, port, process

    @property
    def log(self) -> str:
        file = self.tree / ".local" / "bookshelf" / "log" / "dev.log"
        return file.read_text() if file.is_file() else ""

    def until(self, pattern: str, *, since: int = 0) -> int:
        """Wait until the log has a line like this; how long it was then."""
        deadline = time.monotonic() + SECONDS
        while not re.search(pattern, self.log[since:]):
            assert self.process.poll() is None, "bin/dev has ended"
            assert time.monotonic() < deadline, f"no {pattern!r} in:\n{self.log[-4_000:]}"
            time.sleep(0.2)
        return len(self.log)


@pytest.fixture(scope="module")
def running(bare_environ: dict[str, str]) -> Iterator[Running]:
    environ = shell_of(bare_environ)
    port = ports.find_free(neighbours=2)
    with copy_of_the_tree() as tree:
        assert in_tree(tree, "bin/new-product", "bookshelf", environ=environ).returncode == 0
        with subprocess.Popen(
            [tree / "bin" / "dev", "--port", str(port)],
            cwd=tree, env=environ, stdout=subprocess.DEVNULL,
        ) as process:  # fmt: skip
            try:
                deadline = time.monotonic() + SECONDS
                while not ports.answers_http(port, host=ports.LOOPBACK, path="/healthz"):
                    assert process.poll() is None
                    assert time.monotonic() < deadline
                    time.sleep(0.3)
                yield Running(tree, port, process)
            finally:
                process.send_signal(signal.SIGINT)
                process.wait(30)


def owner(running: Running) -> Browser:
    """The browser of the demo workspace's owner, signed in."""
    browser = Browser()
    site = f"http://plg.localhost:{running.port}"
    form = browser.open(f"{site}/login/?next=/workspaces/").form(field="password")
    browser.submit(form, {"login": "ada@acme.example", "password": "signpost-demo"})
    return browser


def workspace(running: Running, path: str = "/") -> str:
    return f"http://acme.plg.localhost:{running.port}{path}"


@pytest.mark.stack
@pytest.mark.thorough
def test_all_processes_take_changed_code_and_a_new_meter(running: Running) -> None:
    time.sleep(3)  # what was written a moment ago has been seen
    before = len(running.log)
    catalogue = running.tree / "bookshelf" / "catalogue.py"
    meter = """
METERS.append(
    Meter(key="readers", label="Readers", event="Thing Used", aggregation="unique", property="person")
)
"""
    catalogue.write_text(catalogue.read_text() + meter)
    end = running.until(r"reload +\w.* restarted in", since=before)
    said = running.log[before:end]
    assert "bookshelf/catalogue.py changed" in said
    assert "A meter that is new or was changed is counted from the events that are there" in said
    assert re.search(r"prepare +readers: ", said), said
    restarted = re.search(r"reload +(.*) restarted in", said)
    assert restarted
    assert set(restarted[1].split(", ")) == PROJECT
    assert "Readers" in owner(running).open(workspace(running, "/usage/")).text


@pytest.mark.stack
@pytest.mark.thorough
def test_broken_code_leaves_running_what_runs(running: Running) -> None:
    time.sleep(2)
    views = running.tree / "bookshelf" / "views.py"
    whole, before = views.read_text(), len(running.log)
    views.write_text(whole + "\ndef broken(:\n")
    running.until("Everything runs on as it was", since=before)
    owner(running).open(workspace(running))
    views.write_text(whole)
    running.until("restarted in", since=before)


@pytest.mark.stack
@pytest.mark.thorough
def test_an_error_shows_its_place_in_the_code_and_only_to_this_machine(running: Running) -> None:
    time.sleep(2)
    views = running.tree / "bookshelf" / "views.py"
    whole, before = views.read_text(), len(running.log)
    browser = owner(running)
    views.write_text(
        whole.replace("form = ThingForm(", "secret_of_mine = 1 / 0\n    form = ThingForm(", 1)
    )
    running.until("restarted in", since=before)
    here = browser.http.get(workspace(running))
    assert (here.status_code, "ZeroDivisionError" in here.text) == (500, True)
    assert "secret_of_mine" in here.text
    by_a_tunnel = browser.http.get(workspace(running), headers={"X-Forwarded-For": "192.0.2.7"})
    assert (by_a_tunnel.status_code, "secret_of_mine" in by_a_tunnel.text) == (500, False)
    views.write_text(whole)
    running.until("restarted in", since=len(running.log))
