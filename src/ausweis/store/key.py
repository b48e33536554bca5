"""The key of a store: what agents' names, call ids and decisions are hashed with. It is kept apart from the store."""

import hmac
import json
import os
import secrets
from contextlib import suppress
from functools import partialmethod
from pathlib import Path
from typing import Any

from ausweis.errors import StoreError
from ausweis.journal import write_fault
from ausweis.opening import read_bytes

KEY_FILE = "AUSWEIS_STORE_KEY_FILE"
_BYTES = 32
_SHOWN = 8
"""Hex digits of a pseudonym: of a thousand agents, two share one in one case of ten thousand."""


def canonical(value: Any) -> str:
    """A value as the one JSON text that it is hashed as."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)


class Key:
    """32 random bytes in a file of mode 0600, read when first needed. Hashes are HMAC-SHA256, each purpose its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._secret: bytes | None = None

    @classmethod
    def beside(cls, store: Path) -> "Key":
        """The key of a SQLite file: the same name with `.key` behind it, or what AUSWEIS_STORE_KEY_FILE names."""
        named = os.environ.get(KEY_FILE)
        return cls(Path(named) if named else store.with_name(f"{store.name}.key"))

    @classmethod
    def of(cls, address: str | Path) -> "Key":
        """The key of a store.

        Raises:
            StoreError: the store is no file, and AUSWEIS_STORE_KEY_FILE names none.
        """
        if "://" in str(address) and not os.environ.get(KEY_FILE):
            raise StoreError(f"a store on a server needs its key in a file here: name it in {KEY_FILE}")
        return cls.beside(Path(address))

    def lies_beside(self, address: str | Path) -> bool:
        """Whether it is in the folder of the store, so that who copies that folder has both."""
        return "://" not in str(address) and self.path.absolute().parent == Path(address).absolute().parent

    def make(self) -> None:
        """Make the key where there is none.

        Raises:
            StoreError: it cannot be written.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with open(self.path, "xb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
                try:
                    file.write(secrets.token_bytes(_BYTES))
                    file.flush()
                    os.fsync(file.fileno())
                except OSError:
                    with suppress(OSError):
                        self.path.unlink()
                    raise
        except FileExistsError:
            return
        except OSError as error:
            raise StoreError(write_fault(self.path, error).message, place=str(self.path)) from None

    @property
    def fingerprint(self) -> str:
        """What tells this key from another, and does not tell the key."""
        return self._hash("fingerprint", "")

    def pseudonym(self, agent: str) -> str:
        """`agent-` and hex digits: the same for the same name, whatever its case and the blanks around it."""
        return f"agent-{self._hash('agent', agent.strip().casefold())[:_SHOWN]}"

    def row(self, text: str) -> str:
        """The keyed hash of a row: 128 bits."""
        return self._hash("row", text)[:32]

    def _hash(self, purpose: str, text: str) -> str:
        return hmac.digest(self._read(), f"{purpose}\0{text}".encode(), "sha256").hex()

    call = partialmethod(_hash, "call")
    """Of a call's id."""
    reviewer = partialmethod(_hash, "reviewer")
    """Of a reviewer's own key."""
    content = partialmethod(_hash, "content")
    """Of what an entry of the audit log is about."""
    link = partialmethod(_hash, "entry")
    """Of an entry of the audit log, the one before it among it."""
    sum = partialmethod(_hash, "sum")
    """Of a part of the sum of all digests of rows."""

    def _read(self) -> bytes:
        if self._secret is None:
            place = str(self.path)
            try:
                if self.path.stat().st_mode & 0o077:
                    raise StoreError("others may read the key; forbid it: chmod 600", place=place)
                secret = read_bytes(self.path)
            except FileNotFoundError:
                message = "the key of the store is missing; put it back, or begin another store"
                raise StoreError(message, place=place) from None
            except OSError as error:
                raise StoreError(f"the key cannot be read ({error.strerror})", place=place) from None
            if len(secret) != _BYTES:
                raise StoreError(f"is no key: {_BYTES} bytes are wanted", place=place)
            self._secret = secret
        return self._secret
