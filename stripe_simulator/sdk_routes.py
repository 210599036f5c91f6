"""Every route of the real Stripe API, read from the installed SDK's own source.

The SDK is generated from Stripe's OpenAPI description: each service method holds one request
(method and path) and names the TypedDict of its parameters. Reading them (0.2 s, once) tells a
real route that is not simulated yet (501) from one that does not exist (404), and gives the
parameters that a route takes.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import stripe

_PARAMETER = re.compile(r"\{[^}]*\}")


@dataclass(frozen=True)
class SdkRoute:
    """`params` names the TypedDict of the parameters as "module:class", None for none."""

    method: str
    path: str
    params: str | None

    def matches(self, path: str) -> bool:
        return re.fullmatch(_PARAMETER.sub("[^/]+", self.path), path) is not None


def anonymous(path: str) -> str:
    """A path template with its parameters' names removed, to compare two spellings."""
    return _PARAMETER.sub("{}", path)


@cache
def routes() -> dict[tuple[str, str], SdkRoute]:
    """All routes of the SDK, keyed by method and anonymous path."""
    root = Path(stripe.__file__).parent
    found = (
        route
        for module in sorted(root.rglob("_*_service.py"))
        for route in _routes_in(ast.parse(module.read_text()))
    )
    return {(route.method, anonymous(route.path)): route for route in found}


def real_route(method: str, path: str) -> SdkRoute | None:
    """The route by which the real Stripe answers this method and concrete path; None: by none.

    A literal segment wins over a parameter: /v1/customers/search is no customer.
    """
    found = [one for one in routes().values() if one.method == method and one.matches(path)]
    return min(found, key=lambda one: one.path.count("{"), default=None)


def _routes_in(module: ast.Module) -> Iterator[SdkRoute]:
    imported = {
        alias.name: node.module
        for node in ast.walk(module)
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef) and (request := _request_in(node)):
            method, path = request
            name = _params_class(node)
            params = f"{imported[name]}:{name}" if name in imported else None
            yield SdkRoute(method, path, params)


def _request_in(function: ast.FunctionDef) -> tuple[str, str] | None:
    for call in ast.walk(function):
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "self._request":
            method, path = call.args[0], call.args[1]
            if isinstance(path, ast.Call) and isinstance(path.func, ast.Attribute):
                path = path.func.value  # "/v1/customers/{customer}".format(...)
            if isinstance(method, ast.Constant) and isinstance(path, ast.Constant):
                return str(method.value).upper(), str(path.value)
    return None


def _params_class(function: ast.FunctionDef) -> str | None:
    for argument in function.args.args:
        if argument.arg == "params" and argument.annotation is not None:
            named = re.search(r"\w+Params\b", ast.unparse(argument.annotation))
            return named[0] if named else None
    return None
