"""Its one entry in the navigation."""

from dataclasses import dataclass


@dataclass(frozen=True)
class NavItem:
    """An entry: `icon` is an id of static/img/icons.svg."""

    label: str
    url_name: str
    icon: str


NAV = [NavItem("Button", "product:home", "zap")]
