"""Programs that end, print and refuse to stop: none of them is one of ours."""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from plg_site.devstack.log import Log
from plg_site.devstack.program import Program
from plg_site.devstack.supervisor import NotReady, Supervisor
from tests.processes import is_alive


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    log = Log(tmp_path / "log" / "dev.log")
    yield log
    log.close()


@pytest.fixture
def supervisor(log: Log) -> Iterator[Supervisor]:
    supervisor = Supervisor(log)
    yield supervisor
    supervisor.stop()


def program(code: str, **fields: object) -> Program:
    command = [sys.executable, "-S", "-c", code]
    return Program("sample", command, dict(os.environ), **fields)  # type: ignore[arg-type]


def test_a_program_that_ends_is_started_again_and_the_log_says_so(
    supervisor: Supervisor, log: Log
) -> None:
    supervisor.start(program("print('hello'); raise SystemExit(3)"))
    time.sleep(1.2)

    said = log.recent("sample")
    assert said.count("hello") >= 2
    assert "ended (exit code 3); starts again in 0.5 s" in said
    assert "ended (exit code 3); starts again in 1 s" in said


def test_a_program_that_never_gets_ready_is_reported_with_its_last_lines(
    supervisor: Supervisor,
) -> None:
    supervisor.start(
        program("print('no such setting', flush=True); import time; time.sleep(9)",
                ready=lambda: False)
    )  # fmt: skip

    with pytest.raises(NotReady, match="no such setting"):
        supervisor.wait_until_ready("sample", within=0.5)


def test_stopping_takes_along_what_the_program_forked(supervisor: Supervisor, log: Log) -> None:
    supervisor.start(
        program(
            "import os, time; child = os.fork(); child and print(child, flush=True); time.sleep(60)"
        )
    )
    while not log.recent("sample"):
        time.sleep(0.02)
    child = int(log.recent("sample")[0])

    supervisor.stop()

    deadline = time.monotonic() + 20
    while is_alive(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_alive(child)


def test_a_program_that_ignores_the_signal_is_killed_in_time(
    supervisor: Supervisor, log: Log
) -> None:
    deaf = "import signal, time; signal.signal(15, 1); print(1, flush=True); time.sleep(60)"
    supervisor.start(program(deaf, stop_within=0.3))
    while not log.recent("sample"):
        time.sleep(0.02)

    began = time.monotonic()
    supervisor.stop()

    assert time.monotonic() - began < 2


def test_a_command_gives_its_exit_code_and_its_lines(supervisor: Supervisor) -> None:
    lines: list[str] = []
    code = supervisor.run(
        "once", [sys.executable, "-S", "-c", "print('a'); print('b'); raise SystemExit(4)"],
        env=dict(os.environ), within=10, each_line=lines.append,
    )  # fmt: skip

    assert (code, lines) == (4, ["a", "b"])


def test_a_command_that_takes_too_long_is_stopped(supervisor: Supervisor) -> None:
    code = supervisor.run(
        "once", [sys.executable, "-S", "-c", "import time; time.sleep(60)"],
        env=dict(os.environ), within=0.3,
    )  # fmt: skip

    assert code == 124


def test_a_line_cannot_write_to_the_terminal_of_who_reads_the_log(log: Log, tmp_path: Path) -> None:
    log.write("web", "name=\x1b[2J\x1b]0;title\x07 done\r")

    assert log.recent("web") == ["name=]0;title done"]


def test_a_quiet_line_is_in_the_file_but_not_on_the_screen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = Log(tmp_path / "dev.log", echo=True)
    log.write("redis", "routine", quiet=True)
    log.write("redis", "news")
    log.close()

    assert "routine" in (tmp_path / "dev.log").read_text()
    shown = capsys.readouterr().out
    assert "news" in shown
    assert "routine" not in shown


def test_a_large_log_is_put_aside_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "dev.log"
    path.write_bytes(b"x" * 5_000_001)

    Log(path).close()

    assert path.read_text() == ""
    assert path.with_name("dev.log.1").stat().st_size == 5_000_001
