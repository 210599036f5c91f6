"""What Signpost furnishes a new workspace with, and who gets which."""

from product import seed
from tenants.pool import Template

QUESTION = "What will you use Signpost for first?"

TEMPLATES = (
    Template("standard", furnish=seed.standard, answer="Short links for my team"),
    Template(
        "campaign",
        furnish=seed.campaign,
        answer="A campaign on several channels",
        plans=("business",),
        events=("campaign-workshop",),
    ),
    Template("files", furnish=seed.files, answer="Files for customers"),
)
