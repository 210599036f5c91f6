"""`python -m tests.deploy.terraform_names PACKAGE.tgz`: names of the arguments of the AWS provider.

PACKAGE is `npm pack @cdktf/provider-aws` (MPL-2.0): its .jsii describes every resource of a version of the
provider (https://github.com/hashicorp/terraform-provider-aws, MPL-2.0). Of what deploy/terraform uses, the
names alone, and which of them must be given, go into terraform_names.json, for a test without Terraform.
"""

from __future__ import annotations

import json
import re
import sys
import tarfile
from pathlib import Path
from typing import Any

from plg_site.devstack.options import ROOT

TERRAFORM = ROOT / "deploy" / "terraform"
NAMES = Path(__file__).with_name("terraform_names.json")
_USED = re.compile(r'^(resource|data) "(\w+)"', re.M)
_DOCS = re.compile(r"/(\d+\.\d+\.\d+)/docs/(resources|data-sources)/\w+#([a-z0-9_]+)[ ]?[^}]*\}")
_DEEP = 8
_LICENCE = (
    "Names of arguments of terraform-provider-aws, by way of @cdktf/provider-aws; both MPL-2.0"
)

Types = dict[str, Any]


def used() -> dict[str, set[str]]:
    """The kinds of resources and of data that deploy/terraform names."""
    found: dict[str, set[str]] = {"resource": set(), "data": set()}
    for path in TERRAFORM.glob("*.tf"):
        for kind, name in _USED.findall(path.read_text()):
            found[kind].add(name)
    return found


def names(types: Types) -> dict[str, Any]:
    """For each kind, its arguments: by name [whether it must be given, the arguments of a block or null]."""
    found: dict[str, Any] = {"provider": "", "resource": {}, "data": {}}
    for kind, wanted in used().items():
        for name in sorted(wanted):
            words = name.split("_") if kind == "resource" else ["data", *name.split("_")]
            space = _camel(words[1:] if kind == "resource" else words)
            # Its own, not one of its blocks: what every resource has belongs to it, too.
            [config] = [
                each
                for each, about in types.items()
                if each.startswith(f"@cdktf/provider-aws.{space}.")
                and "cdktf.TerraformMetaArguments" in about.get("interfaces", ())
            ]
            version, arguments = _arguments(types, config, _DEEP)
            found["provider"], found[kind][name] = version, arguments
    return found


def _camel(words: list[str]) -> str:
    return words[0] + "".join(word[:1].upper() + word[1:] for word in words[1:])


def _arguments(types: Types, config: str, depth: int) -> tuple[str, dict[str, Any]]:
    version, found = "", {}
    for each in types[config]["properties"]:
        said = " ".join(str(value) for value in each.get("docs", {}).values())
        about = _DOCS.search(said)
        if about is None:
            continue  # of CDK itself
        version = about[1]
        block = _block(each["type"]) if " block." in said else None
        inside = _arguments(types, block, depth - 1)[1] if block and depth else None
        found[about[3]] = [not each.get("optional", False), inside]
    return version, found


def _block(kind: Any) -> str | None:
    """The type of a block: itself, or in a list, or one of several."""
    if "fqn" in kind:
        name = str(kind["fqn"])
        return None if name.startswith("cdktf.") else name
    inner = [kind["collection"]["elementtype"]] if "collection" in kind else []
    inner += kind.get("union", {}).get("types", [])
    return next((found for each in inner if (found := _block(each))), None)


def main(package: str) -> None:
    with tarfile.open(package) as archive:
        described = archive.extractfile("package/.jsii")
        assert described is not None
        types = json.load(described)["types"]
    found = names(types)
    lines = [f'{{"licence": "{_LICENCE}",\n "provider": "{found["provider"]}"']
    for kind in ("resource", "data"):
        rows = [
            f'  "{name}": {json.dumps(arguments, sort_keys=True, separators=(",", ":"))}'
            for name, arguments in found[kind].items()
        ]
        lines.append(f' "{kind}": {{\n' + ",\n".join(rows) + "}")
    NAMES.write_text(",\n".join(lines) + "}\n")


if __name__ == "__main__":
    main(sys.argv[1])
