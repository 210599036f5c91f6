"""From a visitor's form to a workspace: who may at once, and what is made."""

from tenants.signing_up.provisioning import NewWorkspace, create_workspace

__all__ = [
    "NewWorkspace",
    "create_workspace",
]
