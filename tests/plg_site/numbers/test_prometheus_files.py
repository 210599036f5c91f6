"""The rules and the dashboard that are shipped speak of numbers that there are."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from events import metrics
from events.metrics import counting
from tests.plg_site.proxies import ROOT

FOLDER = Path(ROOT) / "deploy" / "prometheus"
_NAME = re.compile(r"\bplg_\w+")


def names() -> set[str]:
    counted = {name for each in counting.DEFINED.values() for name in each.names()}
    asked = {gauge.name for each in metrics.questions() for gauge in each.gauges}
    return counted | asked | {"plg_question_failed"}


@pytest.mark.parametrize("file", ["rules.yml", "rules_test.yml", "dashboard.json"])
def test_every_number_that_is_named_exists(file):
    named = set(_NAME.findall((FOLDER / file).read_text()))
    assert len(named) > 15
    assert named - names() == set()


def test_every_alert_has_words_that_say_what_to_do():
    rules = (FOLDER / "rules.yml").read_text()
    alerts = re.findall(r"- alert: (\w+)", rules)
    assert len(alerts) == len(set(alerts)) == rules.count("summary: ") == rules.count(" do: ")
    tested = (FOLDER / "rules_test.yml").read_text()
    assert f"value: {len(alerts)}}}" in tested, "the outage of everything fires all of them"


def test_each_panel_of_the_dashboard_asks_something():
    board = json.loads((FOLDER / "dashboard.json").read_text())
    assert len(board["panels"]) > 15
    for panel in board["panels"]:
        assert all(_NAME.search(target["expr"]) for target in panel["targets"])
    ids = [panel["id"] for panel in board["panels"]]
    assert len(ids) == len(set(ids))


def test_names_are_as_prometheus_wants_them():
    for each in counting.DEFINED.values():
        assert each.name.endswith("_total") == (each.kind == "counter")
        assert each.help


@pytest.mark.thorough
def test_the_rules_fire_in_an_outage_and_are_quiet_otherwise():
    tool = shutil.which("promtool")
    if tool is None:
        pytest.skip("promtool is not installed (Debian: apt-get install prometheus)")
    for command in (
        ["check", "config", "prometheus.yml"],
        ["check", "rules", "rules.yml"],
        ["test", "rules", "rules_test.yml"],
    ):
        ran = subprocess.run([tool, *command], cwd=FOLDER, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stdout + ran.stderr
