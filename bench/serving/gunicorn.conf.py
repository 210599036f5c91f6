"""deploy/gunicorn.conf.py, word for word, for a project without our warm-up, drain and log."""

import gc
from pathlib import Path

exec(Path("deploy/gunicorn.conf.py").read_text())  # noqa: S102

logger_class = "gunicorn.glogging.Logger"


def on_starting(server: object) -> None:
    """Nothing of ours to load."""


def post_worker_init(worker: object) -> None:
    gc.freeze()
    gc.enable()
