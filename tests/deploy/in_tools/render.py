"""Helm's own engine. In: chart, and for each case values, name and revision; out: for each a list of
[file, text], or the words of the refusal as a string."""

import json
import sys

from helm_python.chart import Chart, lint
from helm_python.errors import HelmError


def main() -> None:
    asked = json.load(sys.stdin)
    answers = []
    with Chart.load(asked["chart"]) as chart:
        for case in asked["cases"]:
            try:
                chart.validate_schema(chart.merge_values(case["values"]))
                found = chart.render(
                    values=case["values"], name=case["name"], namespace="plg",
                    revision=case["revision"],
                )  # fmt: skip
                answers.append(sorted(found.items()))
            except HelmError as error:
                answers.append(str(error))
    said = lint(asked["chart"], values=asked["cases"][0]["values"])
    json.dump({"rendered": answers, "lint": repr(said)}, sys.stdout)


main()
