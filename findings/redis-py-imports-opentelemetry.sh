#!/usr/bin/env bash
# redis-py 8.1.0: `import redis` imports OpenTelemetry's API and, when its SDK is installed, that as well, although
# nobody has asked for metrics. A program that has tracing as an extra and imports it "only when it is on" has it in
# every process all the same, from the day the packages are on the machine: 13 modules of the API, 61 with the SDK.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
modules() {
    "$folder/venv/bin/python" -c "import redis, sys; print(sum(name.split('.')[0] == 'opentelemetry' for name in sys.modules))"
}
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check redis==8.1.0
without=$(modules)
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check opentelemetry-api==1.45.2
api=$(modules)
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check opentelemetry-sdk==1.45.2
sdk=$(modules)
echo "modules of opentelemetry after 'import redis': $without without it, $api with its API, $sdk with its SDK"
[ "$without" = 0 ]
[ "$api" -gt 0 ]
[ "$sdk" -gt "$api" ]
echo "as described"
