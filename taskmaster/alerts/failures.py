"""That a message could not be delivered, and whether trying again makes sense."""


class DeliveryFailed(Exception):
    """It could not be delivered; the text says why, without a secret in it.

    Attributes:
        for_good: the next try would end in the same way.
    """

    def __init__(self, text: str, *, for_good: bool = False) -> None:
        super().__init__(text)
        self.for_good = for_good


def read_secret(path: str) -> str:
    """Return the first line of a file.

    Raises:
        DeliveryFailed: it cannot be read, or there is nothing in it.
    """
    try:
        with open(path, encoding="utf-8") as file:
            secret = file.readline(4096).rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as exc:
        why = exc.strerror if isinstance(exc, OSError) else "not UTF-8"
        raise DeliveryFailed(f"{path} cannot be read: {why}") from None
    if not secret:
        raise DeliveryFailed(f"{path} has nothing in its first line")
    return secret


def why(exc: BaseException) -> str:
    """Return what went wrong with a connection, for people."""
    if isinstance(exc, TimeoutError):
        return "no answer in time"
    if isinstance(exc, OSError) and exc.strerror:
        return exc.strerror.lower()
    return str(exc) or type(exc).__name__
