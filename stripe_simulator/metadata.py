"""Metadata: merged key by key, a key removed by an empty value, all by an empty `metadata`."""

from typing import Any

from stripe_simulator.errors import invalid
from stripe_simulator.shapes import Json

_MAX_KEYS, _MAX_KEY, _MAX_VALUE = 50, 40, 500


def merge_metadata(target: Json, params: dict[str, Any]) -> None:
    """Merge `params["metadata"]` into the object. Raises StripeError past Stripe's limits."""
    if "metadata" not in params:
        return
    given = params["metadata"]
    merged = dict(target.get("metadata") or {}) if given else {}
    for key, value in (given or {}).items():
        if len(key) > _MAX_KEY:
            raise invalid(
                f"Metadata keys can have up to {_MAX_KEY} characters.", f"metadata[{key}]"
            )
        if len(value) > _MAX_VALUE:
            raise invalid(
                f"Metadata values can have up to {_MAX_VALUE} characters, but you passed in a "
                f"value that is {len(value)} characters.",
                f"metadata[{key}]",
            )
        merged.pop(key, None)
        if value != "":
            merged[key] = value
    if len(merged) > _MAX_KEYS:
        raise invalid(f"Metadata can have up to {_MAX_KEYS} keys.", "metadata")
    target["metadata"] = merged
