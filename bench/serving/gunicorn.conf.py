"""deploy/gunicorn.conf.py, word for word, for a project without our warm-up."""

import gc
from pathlib import Path

exec(Path("deploy/gunicorn.conf.py").read_text())  # noqa: S102


def post_worker_init(worker: object) -> None:
    gc.freeze()
    gc.enable()
