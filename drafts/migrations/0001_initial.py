"""Drafts, decisions and runs; the ledger, partitioned by month of recording, with a DEFAULT partition."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models

# Django cannot declare partitions. The id is the order of insertion, the transaction's id tells the sealer what is final.
LEDGER = """
    CREATE TABLE drafts_ledgerentry (
        id bigint GENERATED ALWAYS AS IDENTITY,
        recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        txid bigint NOT NULL DEFAULT (pg_current_xact_id()::text::bigint),
        action varchar(40) NOT NULL,
        actor_id bigint NULL,
        draft_id bigint NULL,
        body bytea NOT NULL,
        PRIMARY KEY (recorded_at, id)
    ) PARTITION BY RANGE (recorded_at);
    CREATE TABLE drafts_ledgerentry_default PARTITION OF drafts_ledgerentry DEFAULT;
    CREATE INDEX ledger_of_draft ON drafts_ledgerentry (draft_id, id);
    CREATE INDEX ledger_txid ON drafts_ledgerentry (txid);
    CREATE INDEX ledger_id ON drafts_ledgerentry (id);
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("alerts", "0001_initial"),
        ("connectors", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="LedgerSeal",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("sealed_at", models.DateTimeField()),
                ("horizon", models.BigIntegerField()),
                (
                    "entry_ids",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                ),
                ("leaves", models.BinaryField()),
                ("root", models.BinaryField(max_length=32)),
                ("previous", models.BinaryField(max_length=32)),
                ("chain", models.BinaryField(max_length=32)),
            ],
        ),
        migrations.CreateModel(
            name="Draft",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=40)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("proposed", "Proposed"),
                            ("awaiting_second", "waiting for a second person"),
                            ("approved", "Approved"),
                            ("held", "held, can be undone"),
                            ("sending", "Sending"),
                            ("sent", "sent, not verified yet"),
                            ("verified", "Verified"),
                            ("failed", "Failed"),
                            ("unknown", "unknown: being checked"),
                            ("needs_human", "needs a person"),
                            ("rejected", "Rejected"),
                            ("expired", "Expired"),
                            ("superseded", "Superseded"),
                        ],
                        default="proposed",
                        max_length=20,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("command", models.TextField()),
                ("facts", models.JSONField(default=dict)),
                ("facts_read_at", models.DateTimeField()),
                ("digest", models.CharField(editable=False, max_length=64)),
                ("preview", models.JSONField(default=dict)),
                (
                    "drift",
                    models.JSONField(blank=True, default=list, help_text="What moved since it was approved last."),
                ),
                ("citations", models.JSONField(blank=True, default=list)),
                (
                    "missing",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), blank=True, default=list, size=None
                    ),
                ),
                ("amount", models.DecimalField(blank=True, decimal_places=4, max_digits=20, null=True)),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("base_amount", models.DecimalField(blank=True, decimal_places=4, max_digits=20, null=True)),
                (
                    "tier",
                    models.CharField(
                        choices=[
                            ("click", "one click, may be batched"),
                            ("review", "alone, with the card open"),
                            ("second_factor", "with a fresh second factor"),
                            ("second_person", "two people, each with a second factor"),
                            ("refuse", "not allowed"),
                        ],
                        default="review",
                        max_length=20,
                    ),
                ),
                (
                    "tier_reasons",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), blank=True, default=list, size=None
                    ),
                ),
                ("undo_label", models.CharField(blank=True, max_length=120)),
                ("written_by", models.CharField(help_text="offline, a model's name, or a person.", max_length=80)),
                (
                    "subject_version",
                    models.PositiveIntegerField(default=1, help_text="The alert's version it was prepared for."),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("changed_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("hold_until", models.DateTimeField(blank=True, null=True)),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("reason", models.TextField(blank=True, help_text="Why it was rejected, failed or needs a person.")),
                (
                    "by_hand",
                    models.TextField(
                        blank=True, help_text="Link and prepared text where the channel has no such call."
                    ),
                ),
                (
                    "alert",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="proposals",
                        to="alerts.alert",
                    ),
                ),
                (
                    "edited_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "model_call",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="drafts",
                        to="connectors.modelcall",
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="parts",
                        to="drafts.draft",
                    ),
                ),
                (
                    "proposed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "shop",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="connectors.shop",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Approval",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveIntegerField()),
                ("digest", models.CharField(max_length=64)),
                (
                    "method",
                    models.CharField(
                        choices=[("session", "signed in"), ("totp", "one-time code"), ("webauthn", "passkey")],
                        default="session",
                        max_length=10,
                    ),
                ),
                ("decided_at", models.DateTimeField()),
                ("seconds_on_card", models.FloatField(blank=True, null=True)),
                ("voided_at", models.DateTimeField(blank=True, null=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="approvals",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "draft",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="approvals", to="drafts.draft"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Execution",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("fence", models.PositiveIntegerField(default=0)),
                ("worker", models.CharField(blank=True, max_length=120)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                (
                    "next_at",
                    models.DateTimeField(
                        blank=True, help_text="When the next step may be taken; empty: none.", null=True
                    ),
                ),
                ("first_sent_at", models.DateTimeField(blank=True, null=True)),
                ("absent_reads", models.PositiveSmallIntegerField(default=0)),
                ("probes", models.PositiveSmallIntegerField(default=0)),
                (
                    "waiting_for",
                    models.TextField(
                        blank=True, help_text="What keeps it from being sent: a pause, a lost connection."
                    ),
                ),
                ("reference", models.TextField(blank=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "approval",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="executions", to="drafts.approval"
                    ),
                ),
                (
                    "draft",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="execution", to="drafts.draft"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Attempt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("fence", models.PositiveIntegerField()),
                ("worker", models.CharField(blank=True, max_length=120)),
                ("started_at", models.DateTimeField()),
                ("deadline", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("done", "Done"),
                            ("retry", "surely not done"),
                            ("refused", "Refused"),
                            ("unknown", "Unknown"),
                            ("reconnect", "Reconnect"),
                        ],
                        default="pending",
                        max_length=10,
                    ),
                ),
                ("reference", models.TextField(blank=True)),
                ("request_id", models.TextField(blank=True)),
                ("receipt", models.BinaryField(blank=True, null=True)),
                ("error", models.TextField(blank=True)),
                (
                    "execution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="attempts", to="drafts.execution"
                    ),
                ),
            ],
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(LEDGER, migrations.RunSQL.noop)],
            state_operations=[
                migrations.CreateModel(
                    name="LedgerEntry",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "recorded_at", "id", blank=True, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("id", models.BigIntegerField(editable=False)),
                        ("recorded_at", models.DateTimeField()),
                        ("txid", models.BigIntegerField(editable=False)),
                        ("action", models.CharField(max_length=40)),
                        ("draft_id", models.BigIntegerField(null=True)),
                        ("body", models.BinaryField()),
                        (
                            "actor",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                db_index=False,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "verbose_name_plural": "ledger entries",
                    },
                ),
                migrations.AddIndex(
                    model_name="ledgerentry",
                    index=models.Index(fields=["draft_id", "id"], name="ledger_of_draft"),
                ),
                migrations.AddIndex(
                    model_name="ledgerentry",
                    index=models.Index(fields=["txid"], name="ledger_txid"),
                ),
                migrations.AddIndex(
                    model_name="ledgerentry",
                    index=models.Index(fields=["id"], name="ledger_id"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Passage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("document", models.CharField(max_length=120)),
                ("clause", models.CharField(blank=True, max_length=60)),
                ("text", models.TextField()),
                ("language", models.CharField(default="en", max_length=8)),
                ("valid_from", models.DateField(default=django.utils.timezone.localdate)),
                ("valid_until", models.DateField(blank=True, null=True)),
                ("embedding", models.BinaryField(blank=True, null=True)),
                (
                    "shop",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="connectors.shop",
                    ),
                ),
            ],
            options={
                "ordering": ["document", "clause"],
            },
        ),
        migrations.CreateModel(
            name="Pause",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("began_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("reason", models.TextField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "ended_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Policy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(blank=True, help_text="Empty: every kind.", max_length=40)),
                (
                    "currency",
                    models.CharField(blank=True, help_text="Empty: the amount is in the base currency.", max_length=3),
                ),
                ("amount_from", models.DecimalField(decimal_places=4, default=0, max_digits=20)),
                (
                    "items_from",
                    models.PositiveIntegerField(
                        default=0, help_text="Holds for so many items decided at once, or more."
                    ),
                ),
                (
                    "tier",
                    models.CharField(
                        choices=[
                            ("click", "one click, may be batched"),
                            ("review", "alone, with the card open"),
                            ("second_factor", "with a fresh second factor"),
                            ("second_person", "two people, each with a second factor"),
                            ("refuse", "not allowed"),
                        ],
                        max_length=20,
                    ),
                ),
                ("note", models.TextField(blank=True, help_text="Why; shown on the card.")),
                ("is_active", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "shop",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="connectors.shop",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "policies",
                "ordering": ["kind", "shop", "currency", "amount_from", "items_from"],
            },
        ),
        migrations.CreateModel(
            name="Presence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("seen_at", models.DateTimeField()),
                (
                    "alert",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="presences", to="alerts.alert"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="DigestMail",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField(help_text="In the person's own time zone.")),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("message_id", models.TextField(blank=True)),
                ("shown", models.JSONField(default=dict, help_text="Alert id → cash shown.")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="digests", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("user", "day"), name="digest_once_a_day")],
            },
        ),
        migrations.AddIndex(
            model_name="draft",
            index=models.Index(fields=["alert"], name="draft_of_alert"),
        ),
        migrations.AddIndex(
            model_name="draft",
            index=models.Index(
                condition=models.Q(("state__in", ["approved", "held", "sending", "sent", "unknown"])),
                fields=["changed_at"],
                name="draft_in_flight",
            ),
        ),
        migrations.AddIndex(
            model_name="draft",
            index=models.Index(fields=["-changed_at"], name="draft_recent"),
        ),
        migrations.AddConstraint(
            model_name="approval",
            constraint=models.UniqueConstraint(fields=("draft", "version", "by"), name="approved_once_by_each"),
        ),
        migrations.AddIndex(
            model_name="execution",
            index=models.Index(
                condition=models.Q(("next_at", None), _negated=True), fields=["next_at"], name="execution_due"
            ),
        ),
        migrations.AddConstraint(
            model_name="attempt",
            constraint=models.UniqueConstraint(fields=("execution", "number"), name="attempt_numbered"),
        ),
        migrations.AddConstraint(
            model_name="pause",
            constraint=models.UniqueConstraint(
                models.Value(1), condition=models.Q(("ended_at", None)), name="one_pause_at_a_time"
            ),
        ),
        migrations.AddConstraint(
            model_name="policy",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_active", True)),
                fields=("kind", "shop", "currency", "amount_from", "items_from"),
                name="policy_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="presence",
            constraint=models.UniqueConstraint(fields=("alert", "user"), name="present_once"),
        ),
    ]
