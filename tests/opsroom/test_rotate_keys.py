from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.management import call_command

from connectors.models import Shop
from connectors.vault import new_key
from opsroom.people.models import User
from tests.factories import ShopFactory


def test_after_rotation_the_old_key_can_be_dropped(owner: User, settings: Any) -> None:
    old, new = new_key(), new_key()
    settings.FIELD_KEYS = [old]
    shop = ShopFactory.create(credentials={"token": "t0p"})
    secret = str(generate_totp_secret())
    TOTP.activate(owner, secret)

    settings.FIELD_KEYS = [new, old]
    call_command("rotate_keys")

    settings.FIELD_KEYS = [new]
    assert Shop.objects.get(pk=shop.pk).credentials == {"token": "t0p"}
    seed = Authenticator.objects.get(user=owner).wrap()
    assert seed.validate_code("000000") is False
