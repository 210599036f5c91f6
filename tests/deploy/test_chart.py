"""What validators of Kubernetes let through: that the objects of the chart fit each other and the project."""

from __future__ import annotations

import tomllib

import pytest

from plg_site import queues, roles
from plg_site.devstack.options import ROOT
from tests.deploy import chart, tools

pytestmark = pytest.mark.thorough
EVERY = pytest.mark.parametrize("case", chart.SETS)
_OF_WORKERS = {f"worker-{queue}" for queue in queues.ORDER}
_ROLES = {"web", "live", "collect", "events", "readers", "outbound", "beat", *_OF_WORKERS}


def settings_known() -> set[str]:
    words = tomllib.loads((ROOT / "plg_site" / "settings_words.toml").read_text())
    return {name for title, group in words.items() if title != "defaults" for name in group}


def fits(selector: dict[str, str], labels: dict[str, str]) -> bool:
    return selector.items() <= labels.items()


def test_twelve_sets_of_values_render_and_twice_to_the_same_bytes():
    assert len(chart.SETS) == 12
    assert chart.render(*chart.SETS.values()) == [*chart.texts().values()]


def test_helm_finds_nothing_to_say_about_the_chart():
    case = {"values": chart.LEAST, "name": "demo", "revision": 1}
    said = tools.ask("render", {"chart": str(chart.CHART), "cases": [case]})["lint"]
    assert "ERROR" not in said
    assert "WARNING" not in said


@EVERY
def test_there_is_a_deployment_of_every_role_and_its_argument_is_one(case):
    found = chart.objects(case)
    there = {
        each["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/component"]: each
        for each in chart.of_kind(found, "Deployment")
    }
    assert there.keys() == _ROLES - ({"live", "collect"} if case == "without live" else set())
    for role, deployment in there.items():
        [container] = deployment["spec"]["template"]["spec"]["containers"]
        words = container["args"]
        assert roles.command(words[0], words[1:], env={})
        assert "-".join(words) == role


@EVERY
def test_selectors_find_the_pods_of_their_own_role_and_no_others(case):
    found = chart.objects(case)
    pods = chart.pods(found)
    for each in chart.of_kind(found, "Deployment"):
        name, selector = each["metadata"]["name"], each["spec"]["selector"]["matchLabels"]
        assert [pod for pod in pods if fits(selector, pods[pod]["labels"])] == [name]
    for each in chart.of_kind(found, "Service"):
        selected = [pod for pod in pods if fits(each["spec"]["selector"], pods[pod]["labels"])]
        assert selected == [each["metadata"]["name"]]
        ports = {port["name"] for port in pods[selected[0]]["containers"][0]["ports"]}
        assert {port["targetPort"] for port in each["spec"]["ports"]} <= ports
    for each in chart.of_kind(found, "PodDisruptionBudget"):
        selector = each["spec"]["selector"]["matchLabels"]
        selected = [pod for pod in pods if fits(selector, pods[pod]["labels"])]
        assert selected == [each["metadata"]["name"]]
    for each in chart.of_kind(found, "NetworkPolicy"):
        selector = each["spec"]["podSelector"]["matchLabels"]
        selected = [pod for pod in pods if fits(selector, pods[pod]["labels"])]
        if "ingress" in each["spec"]:
            assert selected == [each["metadata"]["name"]]
            port = each["spec"]["ingress"][0]["ports"][0]["port"]
            assert port == pods[selected[0]]["containers"][0]["ports"][0]["containerPort"]
        else:
            assert selected == [*pods]  # what nothing else allows is closed, for all


@EVERY
def test_volumes_secrets_and_settings_are_there_and_known(case):
    found = chart.objects(case)
    known = settings_known()
    configs = {each["metadata"]["name"]: each["data"] for each in chart.of_kind(found, "ConfigMap")}
    claims = {each["metadata"]["name"] for each in chart.of_kind(found, "PersistentVolumeClaim")}
    accounts = {each["metadata"]["name"] for each in chart.of_kind(found, "ServiceAccount")}
    assert not [*chart.of_kind(found, "Secret")], "the chart never makes a secret"
    given = {"plg-secrets", "plg-state", "registry", "wildcard"}
    for data in configs.values():
        assert data.keys() <= known
        assert all(isinstance(value, str) for value in data.values())
    for pod in chart.pods(found).values():
        volumes = {volume["name"]: volume for volume in pod["volumes"]}
        assert pod["serviceAccountName"] in accounts
        for volume in volumes.values():
            claim = volume.get("persistentVolumeClaim", {}).get("claimName")
            assert claim is None or claim in claims | given
        secret = volumes["secrets"]["secret"]
        assert secret["secretName"] in given
        files = {item["path"] for item in secret["items"]}
        for container in chart.containers(pod):
            mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
            assert mounts.keys() == volumes.keys()
            assert {each["configMapRef"]["name"] for each in container["envFrom"]} <= configs.keys()
            for variable in container["env"]:
                name, value = variable["name"].removesuffix("_FILE"), variable["value"]
                assert name in known
                if variable["name"] != name:
                    assert value == f"{mounts['secrets']}/{name}"
                    assert name in files


@EVERY
def test_what_scales_has_no_replicas_and_is_there(case):
    found = chart.objects(case)
    deployments = {each["metadata"]["name"]: each for each in chart.of_kind(found, "Deployment")}
    scaled = [
        each["spec"]["scaleTargetRef"]["name"]
        for each in chart.of_kind(found, "HorizontalPodAutoscaler", "ScaledObject")
    ]
    assert len(scaled) == len({*scaled})
    for name, deployment in deployments.items():
        assert ("replicas" in deployment["spec"]) == (name not in scaled)
    assert {*scaled} <= deployments.keys()


def test_there_is_one_beat_and_it_keeps_its_rounds():
    found = chart.objects("all scales")
    [beat] = [
        each for each in chart.of_kind(found, "Deployment")
        if each["metadata"]["labels"]["app.kubernetes.io/component"] == "beat"
    ]  # fmt: skip
    assert (beat["spec"]["replicas"], beat["spec"]["strategy"]["type"]) == (1, "Recreate")
    [claim] = chart.of_kind(found, "PersistentVolumeClaim")
    volumes = beat["spec"]["template"]["spec"]["volumes"]
    assert claim["metadata"]["name"] in str(volumes)


def test_keda_asks_for_the_queues_that_workers_take_from():
    found = chart.objects("all scales")
    taken = {}
    for name, pod in chart.pods(found).items():
        words = pod["containers"][0]["args"]
        if words[0] == "worker":
            command = roles.command(words[0], words[1:], env={})
            taken[name] = command[command.index("--queues") + 1].split(",")
    scaled = {
        each["spec"]["scaleTargetRef"]["name"]: each["spec"]
        for each in chart.of_kind(found, "ScaledObject")
    }
    assert taken.keys() < scaled.keys()
    for name, names in taken.items():
        waiting, in_hand = scaled[name]["triggers"]
        assert waiting["metadata"]["listName"] in names
        assert (
            in_hand["metadata"]["listName"] == "unacked"
        )  # kombu's; see plg_site/operating/broker.py
        assert scaled[name]["fallback"]["replicas"] >= 1
    [events] = [spec for name, spec in scaled.items() if name not in taken]
    [config] = chart.of_kind(found, "ConfigMap")
    assert events["triggers"][0]["metadata"]["stream"] == config["data"]["EVENTS_STREAM"]
    [login] = chart.of_kind(found, "TriggerAuthentication")
    assert events["triggers"][0]["authenticationRef"]["name"] == login["metadata"]["name"]


@EVERY
def test_pods_may_do_nothing_but_their_work(case):
    for pod in chart.pods(chart.objects(case)).values():
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] == 10001
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in chart.containers(pod):
            may = container["securityContext"]
            assert may["readOnlyRootFilesystem"] is True
            assert may["allowPrivilegeEscalation"] is False
            assert may["capabilities"] == {"drop": ["ALL"]}
            assert container["resources"]["limits"].keys() == {"cpu", "memory"}


@EVERY
def test_a_pod_that_answers_goes_on_while_balancers_forget_it(case):
    for name, pod in chart.pods(chart.objects(case)).items():
        [container] = pod["containers"]
        if "ports" not in container:
            continue
        waits = container["lifecycle"]["preStop"]["sleep"]["seconds"]
        assert waits >= 5
        # Gunicorn gives requests 30 s, `live` ends at once.
        assert pod["terminationGracePeriodSeconds"] >= waits + (30 if name.endswith("web") else 5)
        hosts = [
            header["value"] for header in container["readinessProbe"]["httpGet"]["httpHeaders"]
        ]
        assert hosts == ["example.com"]


def test_the_preparation_is_a_job_of_each_revision_that_new_pods_wait_for():
    names = set()
    for revision, image in ((1, "1.0"), (2, "1.0"), (1, "1.1")):
        [text] = chart.render({"image": {"tag": image}}, revision=revision)
        assert "helm.sh/hook" not in text
        found = [each for each in chart.yaml.safe_load_all(text) if each]
        [job] = chart.of_kind(found, "Job")
        names.add(job["metadata"]["name"])
        for each in chart.of_kind(found, "Deployment"):
            spec = each["spec"]["template"]["spec"]
            role = spec["containers"][0]["args"][0]
            waits = [init["args"][0] for init in spec.get("initContainers", [])]
            # These two ask no database.
            assert waits == ([] if role in {"live", "beat"} else ["wait"]), role
    assert len(names) == 3
