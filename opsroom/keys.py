"""Secrets of this installation: from the environment, or, on the embedded default, made once and kept."""

import os
from pathlib import Path

from connectors.vault import VaultError, key_from_text, new_key
from opsroom.env import BadSetting, Env

SHORTEST = 32


def kept_secret(env: Env, name: str, folder: Path, *, generate: bool) -> str:
    """The variable's value; without one, the key in `folder`, made there (mode 0600) the first time.

    Raises BadSetting where nothing may be generated: losing a key with the machine would lose what it sealed.
    """
    value = env.raw(name)
    if value is not None and len(value) < SHORTEST:
        raise BadSetting(
            name,
            f"{len(value)} characters long",
            f"at least {SHORTEST} random characters, as `python -m connectors.vault` prints",
        )
    if value is not None:
        return value
    if not generate:
        raise BadSetting(
            name,
            "not set, but DATABASE_URL is",
            "a random key, as `python -m connectors.vault` prints, kept in your secret store",
        )
    return _from_file(folder / name.removeprefix("OPSROOM_").lower())


def field_keys(env: Env, folder: Path, *, generate: bool) -> list[str]:
    """The keys of sealed fields, the newest first. Raises BadSetting for one that is no key."""
    newest = kept_secret(env, "OPSROOM_FIELD_KEY", folder, generate=generate)
    for name, key in [
        ("OPSROOM_FIELD_KEY", newest),
        *(("OPSROOM_OLD_FIELD_KEYS", old) for old in env.words("OPSROOM_OLD_FIELD_KEYS")),
    ]:
        try:
            key_from_text(key)
        except VaultError as error:
            raise BadSetting(name, f"no usable key ({error})", "what `python -m connectors.vault` prints") from error
    return [newest, *env.words("OPSROOM_OLD_FIELD_KEYS")]


def _from_file(path: Path) -> str:
    """Two processes may start at once: each writes a file of its own, and the first link wins."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        mine = path.with_name(f"{path.name}.{os.getpid()}")
        descriptor = os.open(mine, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(new_key())
        try:
            os.link(mine, path)
        except FileExistsError:
            pass
        mine.unlink()
    return path.read_text().strip()
