from django.db import migrations, models

import identity.names

PLAIN = models.Q(name__regex=r"[[:cntrl:]]", _negated=True)


def clean(table: str) -> migrations.RunSQL:
    """One line without control characters, before the database insists on it."""
    return migrations.RunSQL(
        f"UPDATE {table} SET name = btrim(regexp_replace(name, '[[:cntrl:]]+', ' ', 'g')) "
        "WHERE name ~ '[[:cntrl:]]'",
        migrations.RunSQL.noop,
    )


class Migration(migrations.Migration):
    dependencies = [("identity", "0011_terms")]

    operations = [
        migrations.AlterField(
            model_name="user",
            name="name",
            field=identity.names.NameField(blank=True, max_length=120),
        ),
        migrations.AlterField(
            model_name="person",
            name="name",
            field=identity.names.NameField(blank=True, max_length=120),
        ),
        clean("identity_user"),
        clean("identity_person"),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(condition=PLAIN, name="user_name_is_one_line"),
        ),
        migrations.AddConstraint(
            model_name="person",
            constraint=models.CheckConstraint(condition=PLAIN, name="person_name_is_one_line"),
        ),
    ]
