"""Whether a request names the user and the password that a listener asks for (RFC 7617). Pure."""

import base64
import binascii
import hashlib
import hmac
from typing import Final

_SHA: Final = "{SHA}"


def is_admitted(header: str | None, username: str | None, password: str | None) -> bool:
    """Whether an Authorization header fits; where no password is asked for, anything does.

    Args:
        header: its value, or None where there is none.
        username: that is asked for.
        password: itself, or ``{SHA}`` and the SHA-1 of it in hexadecimal digits.
    """
    if username is None or password is None:
        return True
    scheme, _, encoded = (header or "").partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        given = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        return False
    name, _, word = given.partition(b":")
    wanted = password.encode("utf-8", "surrogateescape")
    if password.startswith(_SHA):
        # Not to protect it (SHA-1 without a salt does not), but to take supervisord's configs over.
        word = hashlib.sha1(word, usedforsecurity=False).hexdigest().encode()
        wanted = wanted[len(_SHA) :].lower()
    is_user = hmac.compare_digest(name, username.encode("utf-8", "surrogateescape"))
    return hmac.compare_digest(word, wanted) and is_user
