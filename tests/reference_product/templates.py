"""What a workspace starts with. `tenants.templates` says how several are told apart."""

from tenants.templates import Template
from tests.reference_product import seed

TEMPLATES = (Template("standard", furnish=seed.standard),)
