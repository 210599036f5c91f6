"""The chart with twelve sets of values that installations could have, as Helm 4 renders it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

import yaml

from plg_site.devstack.options import ROOT
from tests.deploy import tools

CHART = ROOT / "deploy" / "helm"
Object = dict[str, Any]
Values = dict[str, Any]
QUEUES = ("now", "soon", "beat", "bulk")

LEAST: Values = {
    "image": {"repository": "registry.example/plg", "tag": "1.0"},
    "existingSecret": "plg-secrets",
    "settings": {
        "SITE_DOMAIN": "example.com",
        "FILES_DOMAIN": "example-files.com",
        "PUBLIC_SCHEME": "https",
        "PUBLIC_PORT": "443",
    },
}
_DIGEST = f"sha256:{'0123456789abcdef' * 4}"
_KEDA = {"address": "redis.data:6379", "passwordName": "REDIS_PASSWORD"}
_SCALED = {"autoscaling": {"enabled": True}}
SETS: dict[str, Values] = {
    "least": {},
    "by digest": {"image": {"tag": "", "digest": _DIGEST, "pullSecrets": ["registry"]}},
    "all scales": {
        "keda": _KEDA,
        "events": _SCALED,
        "workers": dict.fromkeys(QUEUES, _SCALED),
    },
    "nothing scales": {"web": {"autoscaling": {"enabled": False}, "replicas": 3}},
    "busy threads": {"web": {"autoscaling": {"busyThreads": {"enabled": True}}}},
    "redis with tls and no password": {
        "keda": {"address": "redis.data:6380", "tls": True, "databaseIndex": 3},
        "workers": {"bulk": _SCALED},
    },
    "shared folder": {"state": {"existingClaim": "plg-state"}},
    "ingress": {
        "settings": {"APP_DOMAIN": "app.example.com", "LIVE_URL": "https://live.example.com",
                     "COLLECT_URL": "https://collect.example.com"},
        "ingress": {
            "enabled": True, "className": "nginx", "tlsSecret": "wildcard",
            "annotations": {"nginx.ingress.kubernetes.io/proxy-body-size": "25m"},
        },
    },
    "without live": {
        "live": {"enabled": False}, "collect": {"enabled": False},
        "settings": {"LIVE_URL": "", "COLLECT_URL": ""},
    },
    "no policies": {"networkPolicy": {"enabled": False}, "podDisruptionBudget": {"enabled": False}},
    "from the ingress alone": {
        "networkPolicy": {"from": [{"kubernetes.io/metadata.name": "ingress"}], "egressPorts": [443]},
        "nodeSelector": {"kubernetes.io/arch": "amd64"},
        "tolerations": [{"key": "web", "operator": "Exists", "effect": "NoSchedule"}],
        "podAnnotations": {"example.com/team": "web"},
        "nameOverride": "signpost",
    },
    "a budget that fits": {
        "connections": {"maxConnections": 900, "eventsMaxConnections": 900},
        "web": {"maxSurge": 2, "processes": 4},
        "prepare": {"arguments": ["--rebuild-later"]},
    },
}  # fmt: skip


def merged(*parts: Mapping[str, Any]) -> Values:
    """The later over the earlier, in depth."""
    found: Values = {}
    for part in parts:
        for name, value in part.items():
            both = isinstance(value, Mapping) and isinstance(found.get(name), Mapping)
            found[name] = merged(found[name], value) if both else value
    return found


def render(*cases: Values, name: str = "demo", revision: int = 1) -> list[str]:
    """For each the whole text; a refusal raises AssertionError with Helm's words."""
    found = attempt(*cases, name=name, revision=revision)
    assert all(isinstance(each, list) for each in found), found
    return ["\n---\n".join(text for _, text in files) for files in found]


def refusal(values: Values) -> str:
    """Helm's words; fails where it renders."""
    [said] = attempt(values)
    assert isinstance(said, str), "it is rendered"
    return said


def attempt(*cases: Values, name: str = "demo", revision: int = 1) -> list[Any]:
    asked = [{"values": merged(LEAST, case), "name": name, "revision": revision} for case in cases]
    answer = tools.ask("render", {"chart": str(CHART), "cases": asked})
    return list(answer["rendered"])


@cache
def texts() -> dict[str, str]:
    """Each set's text, rendered once a run."""
    return dict(zip(SETS, render(*SETS.values()), strict=True))


@cache
def objects(case: str) -> list[Object]:
    return [each for each in yaml.safe_load_all(texts()[case]) if each]


def of_kind(found: Iterable[Object], *kinds: str) -> Iterator[Object]:
    return (each for each in found if each["kind"] in kinds)


def pods(found: Iterable[Object]) -> dict[str, Object]:
    """The specs of what runs pods, by name; each with the labels of its pods as `labels`."""
    return {
        each["metadata"]["name"]: each["spec"]["template"]["spec"]
        | {"labels": each["spec"]["template"]["metadata"]["labels"]}
        for each in of_kind(found, "Deployment", "Job")
    }


def containers(pod: Object) -> list[Object]:
    return [*pod.get("initContainers", []), *pod["containers"]]
