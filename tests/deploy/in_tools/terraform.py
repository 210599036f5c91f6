"""A parser of Terraform's language. In: a folder. Out: its blocks, [kind, labels, body], and the body of a
block: arguments by name, with the texts of expressions; blocks by name, each a list of bodies."""

import json
import sys
from pathlib import Path

import hcl2

_NOT_ARGUMENTS = {
    "__is_block__",
    "__start_line__",
    "__end_line__",
    "__comments__",
    "__inline_comments__",
}


def body(found):
    arguments, blocks = {}, {}
    for name, value in found.items():
        if name in _NOT_ARGUMENTS:
            continue
        if name == "dynamic":
            for each in value:
                for label, inside in each.items():
                    for content in inside["content"]:
                        blocks.setdefault(label.strip('"'), []).append(body(content))
        elif isinstance(value, list) and any(is_block(each) for each in value):
            blocks.setdefault(name, []).extend(body(each) for each in value)
        else:
            arguments[name] = value
    return {"arguments": arguments, "blocks": blocks}


def is_block(value):
    return isinstance(value, dict) and value.get("__is_block__", False)


def opened(kind, found, labels):
    if is_block(found) or not isinstance(found, dict):
        yield [kind, labels, body(found if isinstance(found, dict) else {})]
        return
    for label, inside in found.items():
        if label not in _NOT_ARGUMENTS:
            yield from opened(kind, inside, [*labels, label.strip('"')])


def main() -> None:
    folder = Path(json.load(sys.stdin))
    blocks = []
    for path in sorted(folder.glob("*.tf")):
        with path.open() as text:
            for kind, found in hcl2.load(text).items():
                if kind in _NOT_ARGUMENTS:
                    continue
                for each in found:
                    blocks += opened(kind, each, [])
    json.dump(blocks, sys.stdout)


main()
