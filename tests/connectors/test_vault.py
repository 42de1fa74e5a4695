import pytest

from connectors.vault import Vault, VaultError, key_from_text, new_key

OLD, NEW = key_from_text(new_key()), key_from_text(new_key())


def test_what_is_sealed_opens_again_and_reads_as_noise() -> None:
    vault = Vault([OLD])
    sealed = vault.seal(b"token", context="shop.credentials")
    assert vault.open(sealed, context="shop.credentials") == b"token"
    assert b"token" not in sealed
    assert vault.seal(b"token", context="shop.credentials") != sealed


def test_a_new_key_in_front_still_opens_the_old() -> None:
    sealed = Vault([OLD]).seal(b"token", context="c")
    both = Vault([NEW, OLD])
    assert both.open(sealed, context="c") == b"token"
    assert not both.is_current(sealed)
    assert both.is_current(both.seal(b"token", context="c"))


def test_a_dropped_key_is_named_as_the_reason() -> None:
    sealed = Vault([OLD]).seal(b"token", context="c")
    with pytest.raises(VaultError, match="names a key that is not present"):
        Vault([NEW]).open(sealed, context="c")


def test_a_value_moved_to_another_place_does_not_open() -> None:
    vault = Vault([OLD])
    with pytest.raises(VaultError, match="moved here"):
        vault.open(vault.seal(b"token", context="shop.a"), context="shop.b")


def test_no_changed_bit_goes_unseen() -> None:
    vault = Vault([OLD])
    sealed = vault.seal(b"token", context="c")
    for position in range(len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 1
        with pytest.raises(VaultError):
            vault.open(bytes(changed), context="c")


@pytest.mark.parametrize("text", ["short", "", "!" * 44, new_key()[:-8]], ids=["short", "empty", "signs", "cut"])
def test_a_key_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(VaultError, match="python -m connectors.vault"):
        key_from_text(text)


def test_a_vault_without_a_key_is_refused() -> None:
    with pytest.raises(VaultError, match="no field key"):
        Vault([])
