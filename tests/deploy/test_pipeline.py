"""The pipelines for adopters: they parse, what they call exists, one image goes through, and a release that
does not come up is taken back."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from plg_site.devstack import options
from plg_site.devstack.options import ROOT
from tests.deploy import chart

CI = ROOT / "deploy" / "ci"
GITHUB = yaml.safe_load((CI / "github.yml").read_text())
GITLAB = yaml.safe_load((CI / "gitlab.yml").read_text())
ENVIRONMENTS = ("staging", "production")
DIGEST = f"sha256:{'ab' * 32}"
_NO_JOBS = {"stages", "workflow", "variables", "default", "include"}

Release = Callable[..., "subprocess.CompletedProcess[str]"]


def scripts() -> dict[str, list[str]]:
    """What each job runs."""
    found = {
        f"github {name}": [step["run"] for step in job["steps"] if "run" in step]
        for name, job in GITHUB["jobs"].items()
    }
    jobs = {name: job for name, job in GITLAB.items() if name not in _NO_JOBS}
    return found | {f"gitlab {name}": job["script"] for name, job in jobs.items()}


@pytest.mark.parametrize("job", scripts())
def test_what_a_job_runs_is_shell_and_names_what_there_is(job: str):
    text = "\n".join(scripts()[job])
    read = subprocess.run(["sh", "-n"], input=text, capture_output=True, text=True)
    assert read.returncode == 0, read.stderr
    for path in re.findall(r"(?<![\w/.-])((?:bin|deploy)/[\w./-]+)", text):
        assert (ROOT / path).exists(), path
    for words in re.findall(r"bin/test (--[^\n]*)", text):
        _, unknown = options.test_parser().parse_known_args(words.split())
        assert unknown == []


def test_jobs_come_one_after_the_other_and_all_are_named():
    jobs: dict[str, Any] = GITHUB["jobs"]
    order = list(jobs)
    for name, job in jobs.items():
        assert all(order.index(each) < order.index(name) for each in job.get("needs", ()))
        assert job["timeout-minutes"]
    assert [GITLAB[name]["stage"] for name in GITLAB["stages"]] == GITLAB["stages"]
    assert GITLAB["production"]["rules"] == [{"when": "manual"}]


@pytest.mark.parametrize("jobs", [GITHUB["jobs"], GITLAB], ids=["github", "gitlab"])
def test_environments_differ_by_their_settings_alone(jobs: dict[str, Any]):
    """The same image, by its digest, and the same words but for the name."""

    def words(name: str) -> str:
        job = {
            key: value
            for key, value in jobs[name].items()
            if key not in {"needs", "rules", "stage"}
        }
        return yaml.safe_dump(job, width=1_000).replace(name, "NAME")

    assert words("staging") == words("production")
    assert "$DIGEST" in words("staging")


@pytest.mark.thorough
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_chart_takes_the_settings_of_an_environment(environment: str):
    values = yaml.safe_load((CI / "environments" / f"{environment}.yaml").read_text())
    image = {"image": {"repository": "registry.example/plg", "tag": "", "digest": DIGEST}}
    [text] = chart.render(chart.merged(values, image))
    assert f"@{DIGEST}" in text


@pytest.fixture
def release(tmp_path: Path) -> Release:
    """The script, with programs in helm's and curl's place that note what they are called with."""
    notes = tmp_path / "notes"

    def run(**fails: str) -> subprocess.CompletedProcess[str]:
        for name in ("helm", "curl"):
            program = tmp_path / name
            program.write_text(
                f'#!/bin/sh\necho "{name} $*" >> {notes}\n'
                f'case "$1" in {fails.get(name, "nothing")}) exit 1;; esac\n'
            )
            program.chmod(0o755)
        done = subprocess.run(
            [CI / "release.sh", "staging", "registry.example/plg", DIGEST, "staging.example.com"],
            env={"PATH": f"{tmp_path}:{os.environ['PATH']}"}, capture_output=True, text=True,
        )  # fmt: skip
        done.stdout = notes.read_text()
        return done

    return run


def test_a_release_brings_the_image_by_its_digest_and_looks_at_it(release: Release):
    done = release()
    assert done.returncode == 0, done.stderr
    upgrade, look = done.stdout.splitlines()
    assert f"image.digest={DIGEST}" in upgrade
    [values] = re.findall(r"--values (\S+)", upgrade)
    assert Path(values).samefile(CI / "environments" / "staging.yaml")
    assert look.endswith("https://staging.example.com/healthz")


@pytest.mark.parametrize("fails", [{"helm": "upgrade"}, {"curl": "--silent"}], ids=str)
def test_what_does_not_come_up_is_taken_back_and_the_job_fails(release: Release, fails):
    done = release(**fails)
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].startswith("helm rollback site")
    assert "the version before comes back" in done.stderr
