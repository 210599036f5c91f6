"""The units of one machine: systemd reads them, and they start roles with settings that there are."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from plg_site import roles
from plg_site.devstack.options import ROOT

UNITS = ROOT / "deploy" / "systemd"
COMMON = (UNITS / "plg-.service.d" / "common.conf").read_text()
TARGET = (UNITS / "plg.target").read_text()


def wanted() -> list[str]:
    """The instances that the target starts."""
    return [name for line in re.findall(r"^Wants=(.*)$", TARGET, re.M) for name in line.split()]


def template(unit: str) -> str:
    name, _, instance = unit.removesuffix(".service").partition("@")
    text = (UNITS / f"{name}@.service").read_text()
    return text.replace("%i", instance)


def test_the_target_starts_every_role_and_a_worker_of_every_queue():
    started = []
    for unit in wanted():
        [line] = re.findall(r"^ExecStart=/opt/plg/bin/run (.*)$", template(unit), re.M)
        role, *words = line.split()
        assert roles.command(role, words, env={})
        started.append(line)
    once = {role for role in roles.ROLES if role not in {"background", "prepare", "wait", "worker"}}
    workers = {f"worker {queue}" for queue in roles.queues.ORDER}
    assert set(started) == once | workers
    assert started.count("beat") == 1
    assert started.count("web") == 2  # one answers while the other is restarted


def test_every_secret_is_a_credential_and_every_setting_is_known():
    words = tomllib.loads((ROOT / "plg_site" / "settings_words.toml").read_text())
    known = {name for title, group in words.items() if title != "defaults" for name in group}
    loaded = re.findall(r"^LoadCredential=(\w+):/etc/plg/secrets/(\w+)$", COMMON, re.M)
    named = re.findall(r"^Environment=(\w+)_FILE=%d/(\w+)$", COMMON, re.M)
    assert loaded == named
    assert all(name == file and name in known for name, file in loaded)
    assert {"SECRET_KEY", "DATABASE_URL", "REDIS_URL", "STRIPE_SECRET_KEY"} <= dict(loaded).keys()


def test_what_all_units_have_says_nothing_that_a_unit_says_itself():
    """A drop-in is read last, and would win."""
    said = set(re.findall(r"^(\w+)=", COMMON, re.M)) - {"Environment", "LoadCredential"}
    for path in UNITS.glob("*.service"):
        own = set(re.findall(r"^(\w+)=", path.read_text(), re.M)) - {"Environment"}
        assert own & said == set(), path.name


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not here")
def test_systemd_reads_them_without_a_word(tmp_path: Path):
    for path in (each for each in UNITS.rglob("*") if each.is_file()):
        copy = tmp_path / path.relative_to(UNITS)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(path.read_text().replace("/opt/plg", str(ROOT)))
    asked = ["plg.target", "plg-prepare.service", *wanted()]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *asked],
        env={"PATH": "/usr/bin:/bin", "SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    about = [line for line in done.stderr.splitlines() if "plg" in line or str(tmp_path) in line]
    assert about == []
    assert done.returncode == 0, done.stderr
