"""Close a shop to new orders for some days, or open it again."""

from datetime import date, timedelta

from connectors.operations import Operation, SetHoliday
from drafts.kinds.base import (
    CannotPropose,
    Command,
    Difference,
    Facts,
    Kind,
    Matter,
    Preview,
    Proposal,
    Prose,
    Reader,
    Ref,
    Row,
    Saved,
    Undo,
    record_or_raise,
)
from drafts.kinds.own import ShopRow

USUAL_DAYS = 3


class HolidayModeCommand(Command):
    """`account_ref` is our own number of the shop."""

    account_ref: Ref
    is_away: bool = True
    until: date | None = None
    text: Prose = ""


class HolidayModeKind(Kind[HolidayModeCommand]):
    name = "holiday_mode"
    label = "Holiday mode"
    command = HolidayModeCommand
    undo = Undo("reversible: the shop is opened again; what it did not sell meanwhile is lost", "holiday_mode")

    def propose(self, matter: Matter, saved: Saved) -> Proposal[HolidayModeCommand]:
        shop_id = matter.number("shop_id") or matter.shop_id
        if shop_id is None:
            raise CannotPropose("no shop is named that could be closed")
        if saved.of(shop_id).can(SetHoliday):  # channels that take the call take neither an end nor a text by it
            return Proposal(HolidayModeCommand(account_ref=str(shop_id)), shop_id, {})
        until = matter.today + timedelta(days=matter.number("days") or USUAL_DAYS)
        text = f"We are catching up on orders and are back on {until:%d %B %Y}. Orders that stand are sent as planned."
        return Proposal(HolidayModeCommand(account_ref=str(shop_id), until=until, text=text), shop_id, {})

    def read_facts(self, command: HolidayModeCommand, reader: Reader) -> Facts:
        shop: ShopRow = record_or_raise(reader, ShopRow, command.account_ref)
        return {
            "name": shop.name,
            "state": shop.state,
            "to_ship": shop.to_ship,
            "today": reader.clock().date().isoformat(),
        }

    def refusals(self, command: HolidayModeCommand, facts: Facts) -> list[str]:
        if command.is_away and command.until is not None and command.until.isoformat() <= facts["today"]:
            return [f"{command.until} is not in the future"]
        return []

    def differences(self, approved: Facts, now: Facts) -> list[Difference]:
        """Orders come in while somebody decides; that is no reason to ask again."""
        return [moved for moved in super().differences(approved, now) if moved.field not in ("to_ship", "today")]

    def preview(self, command: HolidayModeCommand, facts: Facts) -> Preview:
        closed = f"closed until {command.until}" if command.until else "closed"
        after = closed if command.is_away else "open"
        rows = (
            Row("Shop", "open" if command.is_away else "closed", after),
            Row("Waiting to be sent", f"{facts['to_ship']} orders", f"{facts['to_ship']} orders, due as before"),
        )
        warnings = []
        if command.is_away:
            warnings = [
                "No new orders come in, and most channels show the shop lower for a while afterwards.",
                "Orders that stand keep their deadlines.",
            ]
            if command.until is None:
                warnings.insert(0, "Nothing opens the shop again by itself: that is a draft of its own.")
        verb = "Close" if command.is_away else "Open"
        return Preview(f"{verb} {facts['name']}", rows, text=command.text, warnings=tuple(warnings))

    def operation(self, command: HolidayModeCommand, facts: Facts, key: str) -> Operation:
        return SetHoliday(is_away=command.is_away, until=command.until, text=command.text)
