"""The product's entries in the navigation; the platform's own follow."""

from dataclasses import dataclass


@dataclass(frozen=True)
class NavItem:
    """An entry: `icon` is an id of static/img/icons.svg."""

    label: str
    url_name: str
    icon: str


NAV = [NavItem("Home", "product:home", "home")]
