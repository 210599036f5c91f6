"""What other apps may call of a workspace's own domains. (`tenants.domains` is an app of Django: its
package is imported before there are models.)"""

from tenants.domains.allowance import names_in_service, set_allowed
from tenants.domains.ask import ask

__all__ = [
    "ask",
    "names_in_service",
    "set_allowed",
]
