"""Signpost is one product among others: the platform runs with another in its place."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

ROOT = Path(__file__).resolve().parents[2]


def test_the_platform_runs_another_product():
    """In a process and databases of its own, because Django takes its apps once a process."""
    environment = {
        **os.environ,
        "PRODUCT_APP": "tests.stub_product",
        "DATABASE_URL": _beside(os.environ["DATABASE_URL"]),
        "EVENTS_DATABASE_URL": _beside(os.environ["EVENTS_DATABASE_URL"]),
    }
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    trial = subprocess.run(
        [sys.executable, "-m", "tests.stub_product.trial"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert trial.returncode == 0, trial.stdout[-2_000:] + trial.stderr[-6_000:]
    assert "The stub product works." in trial.stdout


def _beside(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"{parts.path}_stub"))
