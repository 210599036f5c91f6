"""The chart's objects are what Kubernetes and KEDA take, and policies find nothing that is not explained."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.deploy import chart, tools

pytestmark = pytest.mark.thorough
VERSIONS = ("1.32.0", "1.34.0", "1.37.0")
# What checkov would have otherwise, and why it is not so.
EXPLAINED = {
    "CKV_K8S_8": "worker and the like: nothing asks whether they live yet, and a Job ends by itself",
    "CKV_K8S_9": "worker and the like: nobody sends to them, so they need not be ready",
}


def test_kubernetes_and_keda_take_every_object():
    seen: set[str] = set()
    found: dict[str, list[chart.Object]] = {}
    for case in chart.SETS:
        words = {json.dumps(each, sort_keys=True): each for each in chart.objects(case)}
        found[case] = [each for text, each in words.items() if text not in seen]
        seen |= words.keys()
    answer = tools.ask("validate", {"versions": VERSIONS, "cases": found})
    assert answer["wrong"] == []
    assert answer["seen"] > len(VERSIONS) * 100


def test_the_validation_finds_what_is_wrong():
    """Else it would say nothing of anything."""
    objects = json.loads(json.dumps(chart.objects("all scales")))
    next(chart.of_kind(objects, "Deployment"))["spec"]["replcas"] = 3
    del next(chart.of_kind(objects, "ScaledObject"))["spec"]["triggers"]
    wrong = tools.ask("validate", {"versions": VERSIONS[-1:], "cases": {"": objects}})["wrong"]
    assert len(wrong) == 2


def test_policies_find_nothing_unexplained(tmp_path: Path):
    (tmp_path / "chart.yaml").write_text(
        "\n---\n".join([chart.texts()["by digest"], chart.texts()["all scales"]]).replace(
            "registry.example/plg:1.0", f"registry.example/plg@sha256:{'0' * 64}"
        )
    )
    failed = checkov(tmp_path, "kubernetes")
    assert {each for each in failed if each.split()[0] not in EXPLAINED} == set()
    assert {each.split()[0] for each in failed} == EXPLAINED.keys()


def checkov(folder: Path, framework: str) -> set[str]:
    """Rules that do not hold, each with what it is about."""
    done = subprocess.run(
        [tools.folder(tools.POLICIES) / "python", "-m", "checkov.main", "--directory", folder,
         "--framework", framework, "--output", "json", "--compact", "--quiet",
         "--skip-download", "--skip-results-upload"],
        capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    said = json.loads(done.stdout)
    assert said["summary"]["passed"] > 0, done.stderr
    rows = said["results"]["failed_checks"]
    return {f"{row['check_id']} {row['resource']}: {row['check_name']}" for row in rows}
