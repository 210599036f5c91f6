"""What only Linux has is used with something in its place.

tests/stack/test_another_machine.py runs the whole project without it.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from plg_site.devstack.options import ROOT

# Everything but migrations; and the one that names what it hides.
HIDES = "tests/stack/another_machine/sitecustomize.py"
# Folders that only Linux has, and what is done elsewhere.
INSTEAD = {
    "bench/footprint/tree.py": "a bench that says it needs Linux",
    "deploy/gunicorn.conf.py": "heartbeat files lie in the temporary folder",
    "events/metrics/machine.py": "the table of numbers lies in the temporary folder",
    "plg_site/devstack/state.py": "what is left of an earlier run is not killed; it is said",
    "tests/devstack/test_whole.py": "that test is skipped there",
    "tests/events/log.py": "ClickHouse's tests lie in the temporary folder",
}
LINUX_FOLDERS = re.compile(r"^/(proc|sys|dev/shm)(/|$)")
NO_SUCH_NAME = re.compile(r'^(\S+?): error: Module has no attribute "(\w+)"', re.MULTILINE)
CONFIGURATION = """
[mypy]
platform = darwin
python_version = {python}
follow_imports = skip
ignore_missing_imports = True
explicit_package_bases = True
"""


def sources() -> list[str]:
    named = subprocess.run(
        ["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True
    ).stdout.split()
    found = named or [str(path.relative_to(ROOT)) for path in ROOT.rglob("*.py")]
    kept = [name for name in found if "/migrations/" not in name and not name.startswith(".")]
    return [name for name in kept if name != HIDES and Path(ROOT, name).exists()]


def unknown_names(folder: Path, files: list[str], *, python: str) -> list[str]:
    """Names of the standard library that typeshed keeps from a Mac, where no `hasattr` stands before them."""
    (configuration := folder / "mypy.ini").write_text(CONFIGURATION.format(python=python))
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", str(configuration),
         "--cache-dir", str(folder / "cache"), *files],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode in {0, 1}, (
        done.stderr
    )  # 1: it found something, if only what skipped imports cause
    return [f"{where} {name}" for where, name in NO_SUCH_NAME.findall(done.stdout)]


@pytest.mark.thorough
def test_nothing_is_called_that_a_mac_has_not(tmp_path: Path) -> None:
    assert unknown_names(tmp_path, sources(), python="3.12") == []


def test_that_finds_one(tmp_path: Path) -> None:
    (file := tmp_path / "sample.py").write_text(
        "import os, socket\nos.sched_getaffinity(0)\nprint(socket.SO_PEERCRED)\n"
        'if hasattr(os, "waitid"):\n    print(os.waitid)\n'
    )
    found = unknown_names(tmp_path, [str(file)], python="3.12")
    assert [each.rpartition(" ")[2] for each in found] == ["sched_getaffinity", "SO_PEERCRED"]


def linux_folders(text: str) -> list[str]:
    """String constants that are paths below what only Linux has. Docstrings begin otherwise."""
    tree = ast.parse(text)
    words = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    return [word for word in words if isinstance(word, str) and LINUX_FOLDERS.match(word)]


@pytest.mark.parametrize(
    "text", ['open(f"/proc/{pid}/status")', 'x = "/dev/shm"', 'open("/proc/stat")']
)
def test_a_folder_of_linux_is_found_however_it_is_written(text: str) -> None:
    assert linux_folders(text)


def test_folders_of_linux_are_named_only_where_something_stands_in_their_place() -> None:
    found = {name for name in sources() if linux_folders(Path(ROOT, name).read_text())}
    found -= {"tests/plg_site/test_other_machines.py", "tests/stack/test_another_machine.py"}
    assert found == set(INSTEAD)
