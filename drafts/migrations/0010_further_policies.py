"""From which amounts the further kinds ask for more than one click. All rows can be changed in the admin.

The limits are those of refunds and purchase orders: credit is money that leaves later, and an issued order commits.
What is not named here keeps the general rule, a look at the opened card.
"""

from decimal import Decimal

from django.db import migrations

OVER_200, OVER_1_000, OVER_10_000 = Decimal("200.01"), Decimal("1000.01"), Decimal("10000.01")

# kind, amount from, tier, why
ROWS = [
    ("issue_purchase_order", 0, "review", "Money is committed."),
    ("issue_purchase_order", OVER_1_000, "second_factor", "A purchase order above 1,000."),
    ("issue_purchase_order", OVER_10_000, "second_person", "A purchase order above 10,000."),
    ("cancel_purchase_order", 0, "second_factor", "What is cancelled is ordered anew, at the supplier's terms."),
    ("exchange", 0, "review", "Goods leave before others are back."),
    ("set_price", 0, "review", "What every buyer pays changes."),
    ("store_credit", 0, "review", "Credit is money that leaves later."),
    ("store_credit", OVER_200, "second_factor", "Store credit above 200."),
    ("store_credit", OVER_1_000, "second_person", "Store credit above 1,000."),
    ("credit_note", 0, "review", "The books change."),
    ("credit_note", OVER_200, "second_factor", "A credit note above 200."),
    ("credit_note", OVER_1_000, "second_person", "A credit note above 1,000."),
    ("reship", 0, "review", "Goods leave without charge."),
    ("reship", OVER_200, "second_factor", "Goods above 200 leave without charge."),
    ("campaign_budget", 0, "review", "What a day may cost changes."),
    ("campaign_budget", OVER_1_000, "second_factor", "A budget above 1,000 a day."),
    ("hold_order", 0, "click", "A hold is taken back by one click."),
    ("pause_campaign", 0, "click", "A pause is taken back by one click."),
    ("chase_supplier", 0, "click", "A question moves no money."),
    ("ask_buyer", 0, "click", "A question moves no money."),
]


def seed(apps, schema_editor):
    policy = apps.get_model("drafts", "Policy")
    known = set(policy.objects.values_list("kind", flat=True))
    policy.objects.bulk_create(
        policy(kind=kind, amount_from=amount, tier=tier, note=note)
        for kind, amount, tier, note in ROWS
        if kind not in known  # what the company has ruled itself stands
    )


class Migration(migrations.Migration):
    dependencies = [("drafts", "0009_words_beside_the_ledger")]

    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
