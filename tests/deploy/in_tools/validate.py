"""The schemas of Kubernetes, strictly, and of KEDA's objects. In: versions, and objects by case; out: words
of everything that is wrong."""

import json
import sys

import kubernetes_validate
from cloudcoil.models.keda import v1alpha1
from pydantic import ValidationError


def main() -> None:
    asked = json.load(sys.stdin)
    wrong, seen = [], 0
    for case, objects in asked["cases"].items():
        for each in objects:
            where = f"{case}: {each['kind']} {each['metadata']['name']}"
            if each["apiVersion"].startswith("keda.sh/"):
                seen += 1
                try:
                    getattr(v1alpha1, each["kind"]).model_validate(each)
                except ValidationError as error:
                    wrong.append(f"{where}: {error}")
                continue
            for version in asked["versions"]:
                seen += 1
                try:
                    kubernetes_validate.validate(each, version, strict=True)
                except kubernetes_validate.ValidationError as error:
                    wrong.append(f"{where} ({version}): {str(error)[:300]}")
    json.dump({"wrong": wrong, "seen": seen}, sys.stdout)


main()
