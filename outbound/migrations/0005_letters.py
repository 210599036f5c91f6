"""Letters that editors may change, and which letter a message is."""

import django.db.models.deletion
import wagtail.fields
import wagtail.models.preview
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('outbound', '0004_notification'),
        ('wagtailcore', '0098_apitoken'),
    ]

    operations = [
        migrations.AddField(
            model_name='message',
            name='kind',
            field=models.CharField(blank=True, db_default='', default='', max_length=60),
        ),
        migrations.CreateModel(
            name='EditedLetter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('live', models.BooleanField(default=True, editable=False, verbose_name='live')),
                ('has_unpublished_changes', models.BooleanField(default=False, editable=False, verbose_name='has unpublished changes')),
                ('first_published_at', models.DateTimeField(blank=True, db_index=True, null=True, verbose_name='first published at')),
                ('last_published_at', models.DateTimeField(editable=False, null=True, verbose_name='last published at')),
                ('go_live_at', models.DateTimeField(blank=True, null=True, verbose_name='go live date/time')),
                ('expire_at', models.DateTimeField(blank=True, null=True, verbose_name='expiry date/time')),
                ('expired', models.BooleanField(default=False, editable=False, verbose_name='expired')),
                ('kind', models.CharField(editable=False, max_length=60)),
                ('language', models.CharField(editable=False, max_length=12)),
                ('subject', models.CharField(max_length=200)),
                ('preheader', models.CharField(blank=True, help_text='Stands beside the subject in lists of mails.', max_length=200)),
                ('body', wagtail.fields.StreamField([('heading', 2), ('paragraph', 4), ('note', 5), ('button', 8), ('link', 9), ('code', 11), ('sentences', 12), ('items', 13), ('verbatim', 14), ('divider', 15)], block_lookup={0: ('wagtail.blocks.CharBlock', (), {'max_length': 150}), 1: ('wagtail.blocks.CharBlock', (), {'help_text': 'A variable: while it is empty, this is left out.', 'label': 'Only with', 'max_length': 60, 'required': False}), 2: ('wagtail.blocks.StructBlock', [[('text', 0), ('only_with', 1)]], {'icon': 'title', 'label': 'Heading'}), 3: ('wagtail.blocks.TextBlock', (), {'max_length': 2000, 'rows': 3}), 4: ('wagtail.blocks.StructBlock', [[('text', 3), ('only_with', 1)]], {'icon': 'pilcrow', 'label': 'Paragraph'}), 5: ('wagtail.blocks.StructBlock', [[('text', 3), ('only_with', 1)]], {'icon': 'info-circle', 'label': 'Small print'}), 6: ('wagtail.blocks.CharBlock', (), {'max_length': 80}), 7: ('wagtail.blocks.CharBlock', (), {'help_text': 'The name of a variable, or https://…', 'label': 'Address', 'max_length': 300}), 8: ('wagtail.blocks.StructBlock', [[('text', 6), ('url', 7), ('only_with', 1)]], {'icon': 'link-external', 'label': 'Button'}), 9: ('wagtail.blocks.StructBlock', [[('text', 6), ('url', 7), ('only_with', 1)]], {'icon': 'link', 'label': 'Link'}), 10: ('wagtail.blocks.CharBlock', (), {'max_length': 60}), 11: ('wagtail.blocks.StructBlock', [[('variable', 10), ('only_with', 1)]], {'icon': 'key', 'label': 'Code'}), 12: ('wagtail.blocks.StructBlock', [[('variable', 10), ('only_with', 1)]], {'icon': 'bars', 'label': 'Sentences of a variable'}), 13: ('wagtail.blocks.StructBlock', [[('variable', 10), ('only_with', 1)]], {'icon': 'list-ul', 'label': 'List of a variable'}), 14: ('wagtail.blocks.StructBlock', [[('variable', 10), ('only_with', 1)]], {'icon': 'code', 'label': 'Text as it is'}), 15: ('wagtail.blocks.StructBlock', [[('only_with', 1)]], {'icon': 'horizontalrule', 'label': 'Line across'})})),
                ('latest_revision', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='wagtailcore.revision', verbose_name='latest revision')),
                ('live_revision', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='wagtailcore.revision', verbose_name='live revision')),
            ],
            options={
                'verbose_name': 'letter',
                'constraints': [models.UniqueConstraint(fields=('kind', 'language'), name='one_letter_a_language')],
            },
            bases=(wagtail.models.preview.PreviewableMixin, models.Model),
        ),
    ]
