"""`bin/test --python NAME`: which one it takes, and what it says when there is none."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from plg_site.devstack.options import OTHER_PYTHON, ROOT
from tests.devstack.adopters import in_tree, shell_of


def python(folder: Path, says: str, code: int = 0) -> str:
    """A Python that is none: it answers which version it is, and then tells what it was started with."""
    made = folder / "python"
    asked = f'[ "$1" = -c ] && {{ echo {says}; exit {code}; }}'
    made.write_text(f'#!/bin/sh\n{asked}\necho "with ${OTHER_PYTHON}: $*"\n')
    made.chmod(0o755)
    return str(made)


def test_it_starts_again_with_that_python_and_a_place_of_its_own(tmp_path: Path) -> None:
    environ = shell_of(dict(os.environ))
    other = python(tmp_path, "3.99")
    ended = in_tree(ROOT, "bin/test", "--python", other, "-k", "x", environ=environ)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("with 3.99: ")
    assert ended.stdout.rstrip().endswith(f"bootstrap.py test --python {other} -k x")


def test_one_that_is_not_there_or_too_old_is_refused_in_words(tmp_path: Path) -> None:
    environ = shell_of(dict(os.environ))
    for other in ("no-such-python", python(tmp_path, "3.9", code=1)):
        ended = in_tree(ROOT, "bin/test", "--python", other, environ=environ)
        assert ended.returncode == 2
        assert "is not a Python 3.11 or newer" in ended.stderr
        assert "Traceback" not in ended.stderr


def test_what_tests_start_themselves_is_not_meant() -> None:
    assert OTHER_PYTHON not in os.environ
    assert Path(sys.prefix, "bin", "python").exists()
