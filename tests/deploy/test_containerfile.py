"""What can be said of deploy/Containerfile without building it; test_image.py builds it."""

from __future__ import annotations

import re
import subprocess

import pytest

from plg_site import roles
from plg_site.devstack.options import ROOT
from tests.deploy import tools

FILE = ROOT / "deploy" / "Containerfile"
TEXT = FILE.read_text()


@pytest.mark.thorough
def test_hadolint_finds_nothing():
    linter = tools.folder(tools.CONTAINERFILES) / "hadolint"
    done = subprocess.run([linter, FILE], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "")


def test_it_takes_no_secret_and_every_base_is_the_one_that_is_given():
    assert {*re.findall(r"^FROM (\S+)", TEXT, re.M)} == {"${BASE}"}
    assert {*re.findall(r"^ARG (\w+)", TEXT, re.M)} == {
        "BASE", "SBOM_TOOL", "TRACING", "VERSION", "REVISION",
    }  # fmt: skip
    for name in ("SECRET_KEY", "DATABASE_URL", "REDIS_URL", "STRIPE", "--mount=type=secret"):
        assert name not in TEXT


def test_what_runs_is_a_role_as_a_user_who_is_not_root():
    last = TEXT.rpartition("\nFROM ")[2]
    assert re.findall(r"^USER (\S+)", last, re.M) == ["10001:10001"]
    assert re.findall(r'^ENTRYPOINT \["/app/(\S+)"\]', last, re.M) == ["bin/run"]
    [role] = re.findall(r'^CMD \["(\w+)"\]', last, re.M)
    assert role in roles.ROLES


def test_what_has_no_business_in_an_image_is_kept_out_of_it():
    """By the file of Docker and that of the others, which are one."""
    ours, dockers = ROOT / ".containerignore", ROOT / ".dockerignore"
    assert ours.read_text() == dockers.read_text()
    said = {line for line in ours.read_text().splitlines() if line and not line.startswith("#")}
    assert {".*", "**/.env*", "**/*.key", "**/*.pem", "tests", "docs"} <= said  # .*: .git, .local
    assert "!deploy/gunicorn.conf.py" in said
