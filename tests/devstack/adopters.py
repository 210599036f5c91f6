"""A copy of the project in which somebody has begun a product of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from plg_site.devstack.options import ROOT

LEFT_OUT = shutil.ignore_patterns(".venv", ".local*", ".git", "__pycache__", ".*_cache")
MEANT_FOR_THIS_RUN = {"PRODUCT_APP", "TEST_PRODUCT", "PYTHONPATH", "DJANGO_SETTINGS_MODULE"}
SECONDS = 300


@contextmanager
def copy_of_the_tree() -> Iterator[Path]:
    """With the packages of this one."""
    with tempfile.TemporaryDirectory(prefix="adopter-") as folder:
        os.chmod(folder, 0o755)  # noqa: S103  run as root, PostgreSQL is another user's
        copy = Path(folder, "project")
        shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
        (copy / ".venv").symlink_to(sys.prefix)
        yield copy


def shell_of(environ: dict[str, str]) -> dict[str, str]:
    """The variables of somebody who works there."""
    kept = {name: value for name, value in environ.items() if name not in MEANT_FOR_THIS_RUN}
    return {**kept, "PATH": os.defpath}


def in_tree(tree: Path, *words: str, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """A script of that copy."""
    return subprocess.run(
        [str(tree / words[0]), *words[1:]], cwd=tree, env=environ, capture_output=True, text=True,
        timeout=SECONDS,
    )  # fmt: skip
