"""In an installation's own environment: a new source's key, as Basic says it, printed as JSON."""

import base64
import json

import django

django.setup()

from identity import collecting  # noqa: E402

_, key = collecting.create("Bench", kind="server")
print(json.dumps({"basic": base64.b64encode(f"{key}:".encode()).decode()}))
