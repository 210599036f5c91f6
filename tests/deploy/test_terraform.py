"""Terraform's files without Terraform: every argument is one that the provider has, everything that is
named is there, and policies find nothing that is not explained."""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from plg_site import roles
from plg_site.devstack.options import ROOT
from tests.deploy import tools
from tests.deploy.test_chart_valid import checkov

pytestmark = pytest.mark.thorough
TERRAFORM = ROOT / "deploy" / "terraform"
NAMES = json.loads((ROOT / "tests" / "deploy" / "terraform_names.json").read_text())
TEXT = "\n".join(path.read_text() for path in sorted(TERRAFORM.glob("*.tf")))
OF_TERRAFORM = {"count", "for_each", "depends_on", "provider"}  # arguments that everything has
BLOCKS_OF_TERRAFORM = {"lifecycle", "timeouts"}
# What checkov would have otherwise, and why it is not so.
EXPLAINED = {
    "CKV_AWS_18": "who reads the bucket is in the log of the application",
    "CKV_AWS_68": "a firewall of requests is the adopter's choice; sign-up has its own steps",
    "CKV_AWS_86": "the application logs its requests",
    "CKV_AWS_91": "the application logs its requests",
    "CKV_AWS_144": "a second region is the adopter's choice",
    "CKV_AWS_305": "the origin answers at /",
    "CKV_AWS_310": "there is one origin, in two zones",
    "CKV_AWS_374": "anybody may come",
    "CKV_AWS_378": "in the private network, from the balancer to the tasks alone",
    "CKV2_AWS_28": "as CKV_AWS_68; and it takes what comes from CloudFront alone",
    "CKV2_AWS_32": "the application sets these headers",
    "CKV2_AWS_47": "as CKV_AWS_68; there is no Java here",
    "CKV2_AWS_62": "nothing waits for news of the bucket",
}

Body = dict[str, Any]


@cache
def blocks() -> list[tuple[str, list[str], Body]]:
    return [tuple(each) for each in tools.ask("terraform", str(TERRAFORM))]


def declared(kind: str) -> Iterator[tuple[str, str, Body]]:
    return ((*labels, body) for each, labels, body in blocks() if each == kind)  # type: ignore[misc]


def wrong(body: Body, known: dict[str, Any], where: str) -> Iterator[str]:
    given = body["arguments"].keys() | body["blocks"].keys()
    yield from (f"{where}: no argument {name}" for name in given - known.keys() - OF_TERRAFORM)
    yield from (
        f"{where}: lacks {name}" for name, (must, _) in known.items() if must and name not in given
    )
    for name, bodies in body["blocks"].items():
        inside = known.get(name, (False, None))[1]
        if inside is None and name in known:
            yield f"{where}: {name} is no block"
        for each in bodies:
            yield from wrong(each, inside or {}, f"{where}.{name}")


@pytest.mark.parametrize("kind", ["resource", "data"])
def test_every_argument_is_known_to_the_provider_and_what_it_needs_is_given(kind):
    found = [*declared(kind)]
    assert len(found) > 5
    said = []
    for name, label, body in found:
        own = {k: v for k, v in body["blocks"].items() if k not in BLOCKS_OF_TERRAFORM}
        said += wrong({**body, "blocks": own}, NAMES[kind][name], f"{name}.{label}")
    assert said == []


def test_the_comparison_finds_a_misspelt_argument_and_one_that_lacks():
    body = {
        "arguments": {"nmae": "x"},
        "blocks": {"load_balancer": [{"arguments": {}, "blocks": {}}]},
    }
    said = {*wrong(body, NAMES["resource"]["aws_ecs_service"], "it")}
    assert {
        "it: no argument nmae",
        "it: lacks name",
        "it.load_balancer: lacks container_name",
    } <= said


def test_the_names_are_of_the_version_that_is_asked_for():
    [asked] = re.findall(r'version = "~> (\d+\.\d+)"', TEXT)
    assert NAMES["provider"].startswith(f"{asked}.")


def test_what_is_referred_to_is_there_and_every_variable_is_used():
    there = {
        "resource": {f"{name}.{label}" for name, label, _ in declared("resource")},
        "data": {f"data.{name}.{label}" for name, label, _ in declared("data")},
    }
    assert {*re.findall(r'(?<![\w."])(aws_\w+\.\w+)', TEXT)} <= there["resource"]
    assert {*re.findall(r'(?<![\w."])(data\.aws_\w+\.\w+)', TEXT)} == there["data"]
    variables = {labels[0] for kind, labels, _ in blocks() if kind == "variable"}
    assert {*re.findall(r"\bvar\.(\w+)", TEXT)} == variables
    local = {name for kind, _, body in blocks() if kind == "locals" for name in body["arguments"]}
    assert {*re.findall(r"\blocal\.(\w+)", TEXT)} == local
    assert max(Counter((kind, *labels) for kind, labels, _ in blocks() if labels).values()) == 1


def test_every_role_is_a_service_and_every_setting_is_known():
    text = (TERRAFORM / "locals.tf").read_text()
    commands = {role for role, _ in re.findall(r'command\s*=\s*\["(\w+)"(, queue)?\]', text)}
    assert commands == roles.ROLES.keys() - {"background", "prepare", "wait"}
    assert '["now", "soon", "beat", "bulk"]' in text.replace("\n", "")
    assert tuple(json.loads(re.findall(r"queues = (\[.*?\])", text)[0])) == roles.queues.ORDER
    words = tomllib.loads((ROOT / "plg_site" / "settings_words.toml").read_text())
    known = {name for title, group in words.items() if title != "defaults" for name in group}
    named = {*re.findall(r"\b([A-Z][A-Z0-9]*_[A-Z0-9_]+)\s*=", text)}
    assert named
    assert named <= known


def test_services_keep_their_number_and_take_back_what_does_not_come_up():
    [service] = [body for name, _, body in declared("resource") if name == "aws_ecs_service"]
    [breaker] = service["blocks"]["deployment_circuit_breaker"]
    assert breaker["arguments"] == {"enable": True, "rollback": True}
    [life] = service["blocks"]["lifecycle"]
    assert "desired_count" in str(life["arguments"]["ignore_changes"])


def test_policies_find_nothing_unexplained():
    failed = checkov(TERRAFORM, "terraform")
    assert {each for each in failed if each.split()[0] not in EXPLAINED} == set()
    assert {each.split()[0] for each in failed} == EXPLAINED.keys()
