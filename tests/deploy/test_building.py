"""An image is built without any secret, and what it is built with serves nobody."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from plg_site.devstack.options import ROOT

BUILDING = "plg_site.settings_for_building"


def run(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    known = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": BUILDING, **env}
    return subprocess.run(
        [sys.executable, *words], env=known, cwd=ROOT, capture_output=True, text=True, timeout=300
    )


@pytest.mark.thorough
def test_static_files_are_collected_with_an_empty_environment(tmp_path: Path):
    done = run("manage.py", "collectstatic", "--noinput", STATIC_DIR=str(tmp_path / "static"))
    assert done.returncode == 0, done.stderr
    named = json.loads((tmp_path / "static" / "staticfiles.json").read_text())["paths"]
    assert len(named) > 100
    assert all((tmp_path / "static" / name).is_file() for name in named.values())


def test_nothing_is_served_with_what_builds():
    asks = "from django.db import connection; connection.ensure_connection()"
    ended = run("-c", f"import django; django.setup(); {asks}")
    assert ended.returncode != 0
    assert "ImproperlyConfigured" in ended.stderr


def test_prepare_leaves_alone_what_came_with_the_image(settings, tmp_path: Path):
    from plg_site.operating import preparation

    settings.WATCH_FILES, settings.STATE_DIR = False, tmp_path / "state"
    settings.STATIC_ROOT = settings.STATE_DIR / "static"
    titles = [title for title, _ in preparation.steps(with_demo=False)]
    settings.STATIC_ROOT = tmp_path / "elsewhere"
    without = [title for title, _ in preparation.steps(with_demo=False)]
    assert [*without] == [title for title in titles if title != "Static files"]
    assert len(without) == len(titles) - 1
