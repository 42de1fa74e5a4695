"""API tokens: shown once, kept as a digest, narrower than their person, and slow enough."""

import hashlib
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from drafts.models import LedgerEntry
from opsroom.people.models import ApiPace, ApiToken, User
from opsroom.people.roles import Role
from opsroom.people.tokens import find_token, make_token, revoke_token, take_turn
from tests.factories import NOW, ShopFactory

DAY = timedelta(days=1)
READ, PROPOSE = ApiToken.Scope.READ, ApiToken.Scope.PROPOSE


def made(person: User, *scopes: str, **more: Any) -> tuple[ApiToken, str]:
    return make_token(person, "price bot", scopes or [READ], now=NOW, **({"lasts": 30 * DAY} | more))


def test_a_token_is_kept_as_its_digest_alone(drafter: User) -> None:
    token, text = made(drafter, READ, PROPOSE)
    assert text.startswith("ops_")
    assert len(text) == 47
    assert token.digest == hashlib.sha256(text.encode()).hexdigest()
    assert token.prefix == text[:12]
    assert token.scopes == ["propose", "read"]
    row = ApiToken.objects.values().get()
    assert text not in str(row)
    entry = LedgerEntry.objects.get(action="api_token_made")
    assert text.encode() not in bytes(entry.body)
    assert text[12:].encode() not in bytes(entry.body)


def test_two_tokens_share_nothing(drafter: User) -> None:
    assert made(drafter)[1] != made(drafter)[1]


def test_a_token_is_found_by_its_text_alone(drafter: User) -> None:
    token, text = made(drafter)
    assert find_token(text, NOW) == token
    for other in (text[:-1], text + "A", text.upper(), token.digest, token.prefix, "", "ops_", "ops_" + "A" * 5000):
        assert find_token(other, NOW) is None


def test_it_ends_on_its_day(drafter: User) -> None:
    _, text = made(drafter, lasts=DAY)
    assert find_token(text, NOW + DAY - timedelta(seconds=1)) is not None
    assert find_token(text, NOW + DAY) is None


@pytest.mark.parametrize("lasts", [timedelta(0), -DAY, 366 * DAY])
def test_none_lasts_more_than_a_year(drafter: User, lasts: timedelta) -> None:
    with pytest.raises(ValueError, match="a year at most"):
        made(drafter, lasts=lasts)
    assert not ApiToken.objects.exists()


def test_the_database_itself_keeps_to_the_year_and_to_known_scopes(drafter: User) -> None:
    token, _ = made(drafter)
    wrongs: list[dict[str, Any]] = [{"expires_at": NOW + 366 * DAY}, {"scopes": ["approve"]}, {"scopes": []}]
    for wrong in wrongs:
        with pytest.raises(IntegrityError), transaction.atomic():
            ApiToken.objects.filter(pk=token.pk).update(**wrong)


def test_a_revoked_token_is_found_no_more(drafter: User, owner: User) -> None:
    token, text = made(drafter)
    assert revoke_token(token, by=owner, now=NOW) is True
    assert revoke_token(token, by=owner, now=NOW) is False
    assert find_token(text, NOW) is None
    assert LedgerEntry.objects.filter(action="api_token_revoked", actor=owner).count() == 1


def test_the_token_of_somebody_who_left_is_found_no_more(drafter: User) -> None:
    _, text = made(drafter)
    User.objects.filter(pk=drafter.pk).update(is_active=False)
    assert find_token(text, NOW) is None


@pytest.mark.parametrize("role", list(Role))
def test_only_who_may_draft_makes_a_token_that_may_propose(db: None, role: Role) -> None:
    person = User.objects.create_user("ann@example.com", role=role)
    if role is Role.VIEWER:
        with pytest.raises(ValueError, match="may not prepare a draft"):
            made(person, READ, PROPOSE)
        assert not ApiToken.objects.exists()
    else:
        assert made(person, READ, PROPOSE)[0].scopes == ["propose", "read"]


def test_a_token_for_some_shops_stays_narrow_when_the_last_of_them_goes(drafter: User) -> None:
    shop = ShopFactory.create()
    token, _ = made(drafter, shops=[shop])
    assert (token.all_shops, list(token.shops.all())) == (False, [shop])
    shop.delete()
    token.refresh_from_db()
    assert (token.all_shops, list(token.shops.all())) == (False, [])


def test_a_minute_takes_so_many_calls_and_begins_anew(drafter: User, settings: Any) -> None:
    settings.API_READS_A_MINUTE = 3
    token, _ = made(drafter)
    turns = [take_turn(token, READ, NOW + timedelta(seconds=second)) for second in range(5)]
    assert [turn.is_granted for turn in turns] == [True, True, True, False, False]
    assert [turn.left for turn in turns] == [2, 1, 0, 0, 0]
    assert {turn.renews_at for turn in turns} == {NOW + timedelta(minutes=1)}
    assert take_turn(token, READ, NOW + timedelta(seconds=59)).is_granted is False
    assert take_turn(token, READ, NOW + timedelta(seconds=60)).is_granted is True


def test_reads_and_proposals_and_other_tokens_are_counted_apart(drafter: User, settings: Any) -> None:
    settings.API_READS_A_MINUTE = settings.API_PROPOSALS_A_MINUTE = 1
    first, second = made(drafter, READ, PROPOSE)[0], made(drafter)[0]
    assert take_turn(first, READ, NOW).is_granted
    assert take_turn(first, PROPOSE, NOW).is_granted
    assert take_turn(second, READ, NOW).is_granted
    assert not take_turn(first, READ, NOW).is_granted
    assert ApiPace.objects.count() == 3


def test_its_last_use_is_known_to_the_minute(drafter: User) -> None:
    token, _ = made(drafter)
    take_turn(token, READ, NOW)
    token.refresh_from_db()
    assert token.last_used_at == NOW
    take_turn(token, READ, NOW + timedelta(seconds=30))
    token.refresh_from_db()
    assert token.last_used_at == NOW
    take_turn(token, READ, NOW + timedelta(seconds=90))
    token.refresh_from_db()
    assert token.last_used_at == NOW + timedelta(seconds=90)
