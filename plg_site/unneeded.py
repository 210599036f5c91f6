"""What others import, or make, at a start of any process, and nobody here uses.

- `rich` and `pygments` are on this machine for developers' tools. structlog, httpx and others import them
  when they can, for tracebacks and a command line of theirs: 85 modules. So is `yaml`, which Celery and REST
  framework import when they can, for formats that nobody sends us.
- `soupsieve` compiles the grammar of CSS selectors, for `select` of Beautiful Soup. `httpx` and `anyio` are a
  second way of the Stripe SDK to ask, `jinja2` is for Django's test client, which Ninja imports;
  throttled brings a copy of itself for asyncio, `sqlparse` reads migrations in SQL. Loaded when they are
  used.
- pydantic looks for plugins of its own through the metadata of all packages.
- `opentelemetry`, where it is installed and no traces are drawn: redis and others import it when they
  can, 100 modules.
- Wagtail's apps add routers of Wagtail's own API to one that no address of ours leads to
  (`cms.public.api` is ours): 250 models of pydantic.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType, SimpleNamespace
from typing import Any

ABSENT = ("rich", "pygments", "yaml")
LATE = ("anyio", "httpx", "jinja2", "soupsieve", "sqlparse", "throttled.asyncio")
_TRACES_GO_TO = "OTEL_EXPORTER_OTLP_ENDPOINT"
_WAGTAIL_API = "wagtail.api.v3.api"
# What `ready` of these apps takes from them; the names are those of Wagtail 8.
_ROUTERS = (
    "wagtail.contrib.redirects.api.v3",
    "wagtail.documents.api.v3.router",
    "wagtail.images.api.v3.router",
    "wagtail.snippets.api.v3.router",
)
_TYPES = (
    "wagtail.documents.api.v3.registry",
    "wagtail.images.api.v3.registry",
    "wagtail.snippets.api.v3",
)


def leave_out() -> None:
    """Call it before Django's setup. What has been imported by then stays as it is."""
    for name in ABSENT:  # then an import raises ImportError (Python reference, "The module cache")
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    for name in LATE:
        _load_late(name)
    _stand_in(_WAGTAIL_API, api=SimpleNamespace(add_router=_nothing))
    for name in _ROUTERS:
        _stand_in(name, router=None)
    for name in _TYPES:
        _stand_in(name, register_content_types=_nothing, __path__=[])


def leave_out_tracing() -> None:
    """For every process, before it imports a client of Redis."""
    if not (os.environ.get(_TRACES_GO_TO) or os.environ.get(f"{_TRACES_GO_TO}_FILE")):
        sys.modules.setdefault("opentelemetry", None)  # type: ignore[arg-type]


class Late(ModuleType):
    """Loads the module of its name when somebody asks it for something.

    `importlib.util.LazyLoader` loads when it is imported a second time (Python 3.11).
    """

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__path__":  # of the import system
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        found = importlib.import_module(self.__name__)
        self.__dict__.update(found.__dict__)
        return getattr(found, name)


def _load_late(name: str) -> None:
    package, _, inner = name.partition(".")
    if name in sys.modules or (inner and package in sys.modules):
        return
    spec = importlib.util.find_spec(package)
    if spec is None:
        return
    sys.modules[name] = late = Late(name)
    # What is inside is looked for when it is used: to look now would import the package around it.
    late.__spec__ = ModuleSpec(name, None, is_package=True) if inner else spec


def _stand_in(name: str, **members: Any) -> None:
    module = ModuleType(name, "Left out: see plg_site/unneeded.py.")
    module.__dict__.update(members)
    sys.modules.setdefault(name, module)


def _nothing(*_: object, **__: object) -> None:
    """In the place of what would be registered."""
