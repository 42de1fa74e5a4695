"""From which amounts a fresh installation asks for more than one click. All rows can be changed in the admin.

Amounts are in the base currency. The limits follow common practice for shops of this size: money that leaves above
200 and commitments above 1,000 take a second factor, money that leaves above 1,000 takes a second person.
"""

from decimal import Decimal

from django.db import migrations

OVER_200, OVER_1_000, OVER_10_000 = Decimal("200.01"), Decimal("1000.01"), Decimal("10000.01")

# kind, amount from, items from, tier, why
ROWS = [
    ("", 0, 0, "review", "Nothing is known that allows less."),
    ("", 0, 11, "second_factor", "More than 10 writes at once."),
    ("reply", 0, 0, "click", "A reply moves no money."),
    ("arrange_shipment", 0, 0, "click", "Shipping what was sold is the ordinary course."),
    ("escalation_note", 0, 0, "click", "A note stays inside the company."),
    ("merge_tickets", 0, 0, "review", "One merge answers many buyers."),
    ("dispute_evidence", 0, 0, "review", "Evidence can be handed in once."),
    ("refund", 0, 0, "review", "Money leaves."),
    ("refund", OVER_200, 0, "second_factor", "A refund above 200."),
    ("refund", OVER_1_000, 0, "second_person", "A refund above 1,000."),
    ("decide_return", 0, 0, "review", "Money may leave."),
    ("decide_return", OVER_200, 0, "second_factor", "A return above 200."),
    ("decide_return", OVER_1_000, 0, "second_person", "A return above 1,000."),
    ("cancel_order", 0, 0, "review", "A sale is given up."),
    ("cancel_order", OVER_1_000, 0, "second_factor", "A cancelled order above 1,000."),
    ("purchase_order", 0, 0, "review", "Money is committed."),
    ("purchase_order", OVER_1_000, 0, "second_factor", "A purchase order above 1,000."),
    ("purchase_order", OVER_10_000, 0, "second_person", "A purchase order above 10,000."),
]


def seed(apps, schema_editor):
    policy = apps.get_model("drafts", "Policy")
    policy.objects.bulk_create(
        policy(kind=kind, amount_from=amount, items_from=items, tier=tier, note=note)
        for kind, amount, items, tier, note in ROWS
    )


class Migration(migrations.Migration):
    dependencies = [("drafts", "0002_guards")]

    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
