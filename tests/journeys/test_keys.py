"""The whole desk by keyboard alone."""

import re

import pytest
from playwright.sync_api import Page, expect

from drafts.models import Draft
from drafts.states import State
from opsroom.people.models import User

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def title(page: Page) -> str:
    return page.locator(".card h1").inner_text()


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def open_row(page: Page, words: str) -> None:
    """Move down the list until that row has the focus, and open it."""
    for _ in range(15):
        press(page, "j")
        if words in page.evaluate("document.activeElement.textContent"):
            break
    press(page, "Enter")
    expect(page.locator(".card h1")).to_contain_text(words)


def test_j_and_k_move_and_enter_opens_in_place(desk: Page) -> None:
    press(desk, "j", "j", "k", "Enter")
    expect(desk.locator(".card h1")).to_have_text("Ana Ruiz was charged twice for order #2044")
    assert re.search(r"/alerts/\d+/$", desk.url)
    expect(desk.locator("#queue")).to_be_visible()


def test_a_approves_a_one_click_draft_and_u_takes_it_back(desk: Page, drafts: dict[str, Draft]) -> None:
    open_row(desk, "Order 1042 is stuck")
    press(desk, "a")
    expect(desk.locator("#live")).to_contain_text("held, can be undone")
    expect(desk.locator(f"#alert-{drafts['reply'].alert_id}")).to_contain_text("held, can be undone")
    assert Draft.objects.get(pk=drafts["reply"].pk).state == State.HELD
    press(desk, "u")
    expect(desk.locator("#live")).to_contain_text("Reply: ready")
    assert Draft.objects.get(pk=drafts["reply"].pk).state == State.PROPOSED


def test_money_takes_a_second_press(desk: Page, drafts: dict[str, Draft]) -> None:
    open_row(desk, "Ana Ruiz")
    press(desk, "a")
    expect(desk.get_by_role("button", name="Press again to approve")).to_be_visible()
    assert Draft.objects.get(pk=drafts["refund"].pk).state == State.PROPOSED
    press(desk, "a")
    expect(desk.locator("#live")).to_contain_text("held, can be undone")


def test_with_a_pointer_money_is_held_not_clicked(desk: Page, drafts: dict[str, Draft]) -> None:
    open_row(desk, "Ana Ruiz")
    button = desk.get_by_role("button", name="Approve $140.00")
    button.click()
    expect(desk.get_by_role("button", name="Hold to approve")).to_be_visible()
    assert Draft.objects.get(pk=drafts["refund"].pk).state == State.PROPOSED
    desk.locator("[data-hold]").hover()
    desk.mouse.down()
    expect(desk.locator("#live")).to_contain_text("held, can be undone")
    desk.mouse.up()


def test_a_in_the_list_only_opens_what_nobody_has_seen(desk: Page, drafts: dict[str, Draft]) -> None:
    press(desk, "j", "j", "a")
    expect(desk.locator(".card h1")).to_contain_text("Order 1042 is stuck")
    assert Draft.objects.get(pk=drafts["reply"].pk).state == State.PROPOSED


def test_r_rejects_with_a_reason(desk: Page, drafts: dict[str, Draft]) -> None:
    open_row(desk, "Order 1042 is stuck")
    press(desk, "r", "Tab", "ArrowDown")
    desk.get_by_label("In your words").fill("the courier has found it")
    press(desk, "Enter")
    expect(desk.locator("#live")).to_contain_text("rejected")
    assert Draft.objects.get(pk=drafts["reply"].pk).reason.endswith("the courier has found it")


def test_h_snoozes_and_asks_again_before_a_deadline_is_lost(desk: Page) -> None:
    open_row(desk, "Order 1042 is stuck")
    press(desk, "h")
    desk.get_by_label("Tomorrow 9:00").check()
    desk.get_by_role("button", name="Snooze", exact=True).click()
    expect(desk.locator(".notice.warn")).to_contain_text("gives up 58.00 USD")
    desk.get_by_role("button", name="Snooze and accept the loss").click()
    expect(desk.locator("#live")).to_contain_text("snoozed to")
    expect(desk.locator(".notice.warn")).to_have_count(0)


def test_e_edits_and_the_card_shows_what_changed(desk: Page) -> None:
    open_row(desk, "Order 1042 is stuck")
    press(desk, "e")
    text = desk.get_by_label("Text")
    text.fill(text.input_value().replace("Monday", "Tuesday"))
    desk.get_by_role("button", name="Save as a new version").click()
    expect(desk.locator(".letter ins").first).to_contain_text("Tuesday")


def test_x_selects_and_the_batch_approves_what_was_shown(desk: Page) -> None:
    for _ in range(6):
        press(desk, "j")
    press(desk, "x", "j", "x")
    desk.get_by_role("button", name="Review the selected").click()
    expect(desk.locator("h1")).to_contain_text("2 drafts to approve together")
    press(desk, "a")
    expect(desk.locator("h1")).to_have_text("2 approved")


def test_keys_rest_while_somebody_types(desk: Page, drafts: dict[str, Draft]) -> None:
    press(desk, "/")
    desk.keyboard.type("jarheaux?")
    expect(desk.get_by_label("Search alerts")).to_have_value("jarheaux?")
    expect(desk.locator("#keys")).not_to_be_visible()
    expect(desk.locator(".card")).to_have_count(0)


def test_the_sheet_opens_and_closes(desk: Page) -> None:
    press(desk, "?")
    expect(desk.locator("#keys")).to_be_visible()
    press(desk, "Escape")
    expect(desk.locator("#keys")).not_to_be_visible()


def test_switched_off_keys_do_nothing(desk: Page, approver: User) -> None:
    User.objects.filter(pk=approver.pk).update(keyboard_shortcuts=False)
    desk.reload()
    press(desk, "j", "a", "?")
    expect(desk.locator("#keys")).not_to_be_visible()
    assert desk.evaluate("document.activeElement.tagName") == "BODY"


def test_the_first_tab_skips_to_the_page(desk: Page) -> None:
    press(desk, "Tab")
    expect(desk.get_by_role("link", name="Skip to the page")).to_be_focused()
    press(desk, "Enter")
    expect(desk.locator("#main")).to_be_focused()
