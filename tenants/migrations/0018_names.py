from django.db import migrations, models

import identity.names


class Migration(migrations.Migration):
    dependencies = [("tenants", "0014_held"), ("identity", "0012_names")]

    operations = [
        migrations.AlterField(
            model_name="tenant", name="name", field=identity.names.NameField(max_length=80)
        ),
        migrations.AlterField(
            model_name="apikey", name="name", field=identity.names.NameField(max_length=80)
        ),
        migrations.RunSQL(
            "UPDATE tenants_tenant SET name = btrim(regexp_replace(name, '[[:cntrl:]]+', ' ', 'g')) "
            "WHERE name ~ '[[:cntrl:]]'",
            migrations.RunSQL.noop,
        ),
        migrations.AddConstraint(
            model_name="tenant",
            constraint=models.CheckConstraint(
                condition=models.Q(name__regex=r"[[:cntrl:]]", _negated=True),
                name="workspace_name_is_one_line",
            ),
        ),
    ]
