#!/usr/bin/env bash
# throttled-py 3.5.0, GCRA: `peek` says of an emptied bucket that nobody need wait (`retry_after` 0), while
# `limit` at the same moment refuses and names the real wait. Who asks with `peek` before they take
# tells people to try again at once. (`remaining` and `reset_after` of `peek` are right.)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check throttled-py==3.5.0
"$folder/venv/bin/python" - <<'PY'
from datetime import timedelta

from throttled import MemoryStore, RateLimiterType, Throttled
from throttled.rate_limiter import per_duration

bucket = Throttled(
    using=RateLimiterType.GCRA.value,
    quota=per_duration(timedelta(hours=24), 4, burst=4),  # four a day: one comes back in six hours
    store=MemoryStore(),
)
for _ in range(4):
    assert not bucket.limit("ada").limited
looked = bucket.peek("ada")
refused = bucket.limit("ada")
print(f"peek:  remaining {looked.remaining}, retry_after {looked.retry_after:.0f} s")
print(f"limit: limited {refused.limited}, retry_after {refused.state.retry_after:.0f} s")
assert looked.remaining == 0
assert round(looked.retry_after) == 0, "peek says how long to wait now"
assert refused.limited
assert 21_500 < refused.state.retry_after <= 21_600
print("as described")
PY
