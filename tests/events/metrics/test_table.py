"""The table that processes share: totals never go back, whatever happens to those who count."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from events.metrics.table import COLUMNS, KEY, LEVEL, ROWS, SIZE, Table
from tests.plg_site.proxies import ROOT

CODE = """
import sys
from pathlib import Path
from events.metrics.table import Table
table = Table(Path(sys.argv[1]))
row, level = table.row("plg_x_total"), table.row("=plg_level")
table.add((row, 1.0)), table.put(level, 7.0)
print(table.column, flush=True)
sys.stdin.read(1)
"""


def start(path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", CODE, str(path)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    return process


def column_of(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "table"


@pytest.mark.parametrize("times", [4, pytest.param(50, marks=pytest.mark.thorough)])
def test_totals_only_grow_over_workers_that_are_killed(path, times):
    table = Table(path)
    row, totals = table.row("plg_x_total"), []
    assert row is not None
    for _ in range(times):
        process = start(path)
        column_of(process)
        process.kill()
        process.wait(30)
        totals.append(table.total(row))
    assert totals == [float(number) for number in range(1, times + 1)]
    assert path.stat().st_size == SIZE
    table.close()


def test_a_column_of_the_dead_is_taken_over_and_one_of_the_living_is_not(path):
    first, second = start(path), start(path)
    columns = {column_of(first), column_of(second)}
    assert len(columns) == 2
    first_column = min(columns)
    first.kill()
    first.wait(30)
    third = start(path)
    assert column_of(third) not in columns - {first_column, max(columns)}
    for process in (second, third):
        process.kill()
        process.wait(30)


def test_levels_count_only_while_their_process_lives(path):
    process = start(path)
    column_of(process)
    table = Table(path)
    row = table.keys()[f"{LEVEL}plg_level"]
    assert table.now(row, table.alive()) == 7.0
    process.kill()
    process.wait(30)
    assert table.now(row, table.alive()) == 0.0
    table.close()
    assert Table(path).now(row, [0, 1]) == 0.0, "who takes a column over begins with nothing"


def test_threads_of_a_process_lose_nothing(path):
    table = Table(path)
    row = table.row("plg_x_total")
    assert row is not None

    def count() -> None:
        for _ in range(5_000):
            table.add((row, 1.0))

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert table.total(row) == 20_000
    table.close()


def test_it_has_one_size_however_much_is_asked_of_it(path):
    table = Table(path)
    rows = [table.row(f"plg_x_total{{n={number}}}") for number in range(ROWS + 50)]
    assert rows.count(None) == 50
    assert table.row("x" * (KEY + 1)) is None
    assert path.stat().st_size == SIZE
    table.close()


def test_more_processes_than_columns_do_no_harm(path):
    table = Table(path)
    row = table.row("plg_x_total")
    assert row is not None
    table.column = None  # as for who comes when all are taken
    table.add((row, 1.0))
    table.put(row, 1.0)
    assert table.total(row) == 0.0
    assert COLUMNS >= 64
    table.close()


def test_a_file_of_another_version_is_made_anew(path):
    path.write_bytes(b"something else" * 100)
    table = Table(path)
    assert table.keys() == {}
    assert path.stat().st_size == SIZE
    table.close()


def test_a_link_that_somebody_has_laid_is_not_followed(tmp_path, path):
    target = tmp_path / "precious"
    target.write_text("precious")
    path.symlink_to(target)
    with pytest.raises(OSError, match=r"."):
        Table(path)
    os.unlink(path)
    os.link(target, path)
    with pytest.raises(PermissionError):
        Table(path)
    assert target.read_text() == "precious"
