"""What a workspace starts with. `tenants.pool.templates` says how several are told apart."""

from tenants.pool import Template
from tests.reference_product import seed

TEMPLATES = (Template("standard", furnish=seed.standard),)
