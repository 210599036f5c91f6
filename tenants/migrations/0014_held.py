"""Workspaces that wait for somebody to open them before they get a schema."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("tenants", "0013_normal_addresses")]

    operations: ClassVar = [
        migrations.AddField(
            model_name="tenant",
            name="held",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.AddField(
            model_name="tenant",
            name="unproved_warned_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
