"""Deliver one message by HTTP POST. It blocks, and has a thread for it (`threads`).

A few redirects are followed, with the POST repeated, but never from https to http. Headers of the
config and the signature go to the host that the config names and to no other.
"""

import contextlib
import http.client
import socket
import ssl
from typing import Final
from urllib.parse import SplitResult, urljoin, urlsplit

from taskmaster import __version__
from taskmaster.alerts import formats
from taskmaster.alerts.certificates import context_for
from taskmaster.alerts.failures import DeliveryFailed, read_secret, why
from taskmaster.alerts.message import Message
from taskmaster.alerts.model import Http

_MOST_REDIRECTS: Final = 3
_REDIRECTS: Final = (301, 302, 307, 308)
"""303 says that the answer is elsewhere, and is no place to post to (RFC 9110, 15.4.4)."""

_TOO_EARLY: Final = (408, 425, 429)
"""The client errors that mean: try again."""


class Delivery:
    """One message on its way to a web server."""

    def __init__(self, target: Http, message: Message, timeout: float) -> None:
        """Prepare; `timeout` is for each thing that the server is waited for."""
        self._target = target
        self._message = message
        self._timeout = timeout
        self._body = b""
        self._connection: http.client.HTTPConnection | None = None

    def deliver(self) -> str:
        """Deliver; return "".

        Raises:
            DeliveryFailed: no server has taken it.
        """
        url = self._target.url
        self._body, own = formats.post(self._message, self._target.template)
        own["User-Agent"] = f"taskmaster/{__version__}"
        ours = self._ours()
        for _ in range(_MOST_REDIRECTS + 1):
            at = urlsplit(url)
            headers = own | (ours if _is_same(urlsplit(self._target.url), at) else {})
            status, reason, location = self._post(at, headers)
            if 200 <= status < 300:
                return ""
            if status not in _REDIRECTS or not location:
                for_good = 300 <= status < 500 and status not in _TOO_EARLY
                raise DeliveryFailed(f"it answered {status} {reason}".rstrip(), for_good=for_good)
            url = _redirected(url, location)
        raise DeliveryFailed(f"more than {_MOST_REDIRECTS} redirects", for_good=True)

    def _ours(self) -> dict[str, str]:
        """Return the headers that are nobody else's business."""
        target = self._target
        headers = dict(target.headers)
        secret = read_secret(target.secret_file) if target.secret_file else target.secret
        if secret:
            headers[formats.SIGNATURE_HEADER] = formats.signature(self._body, secret.encode())
        return headers

    def _post(self, at: SplitResult, headers: dict[str, str]) -> tuple[int, str, str]:
        host = at.hostname or ""
        if at.scheme == "https":
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                host, at.port, timeout=self._timeout, context=context_for(self._target.ca_file)
            )
        else:
            connection = http.client.HTTPConnection(host, at.port, timeout=self._timeout)
        self._connection = connection
        path = (at.path or "/") + (f"?{at.query}" if at.query else "")
        try:
            connection.request("POST", path, self._body, headers)
            answer = connection.getresponse()
            reason = "".join(char for char in answer.reason[:60] if char.isprintable())
            return answer.status, reason, answer.headers.get("Location", "")
        except ssl.SSLCertVerificationError as exc:
            text = f"its certificate is not accepted: {exc.verify_message}"
            raise DeliveryFailed(text, for_good=True) from None
        except (OSError, UnicodeError) as exc:  # UnicodeError: of a host that can be no name
            raise DeliveryFailed(why(exc)) from None
        except http.client.HTTPException as exc:
            # Its text may hold what the server sent, or the URL.
            raise DeliveryFailed(f"no HTTP that could be read ({type(exc).__name__})") from None
        finally:
            connection.close()

    def stop(self) -> None:
        """End a try that takes too long; called from another thread."""
        connection = self._connection
        sock = connection.sock if connection is not None else None
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


def _is_same(first: SplitResult, at: SplitResult) -> bool:
    """Whether it is the server of the config, or that server behind TLS."""
    if first.hostname != at.hostname:
        return False
    if first.scheme == at.scheme:
        return first.port == at.port
    return at.scheme == "https" and first.port in (None, 80) and at.port in (None, 443)


def _redirected(before: str, location: str) -> str:
    """Return where a redirect leads.

    Raises:
        DeliveryFailed: it is not followed.
    """
    try:
        url = urljoin(before, location)
        at = urlsplit(url)
        usable = at.scheme in ("http", "https") and bool(at.hostname) and at.port != 0
        usable = usable and url.isascii() and url.isprintable() and " " not in url
    except ValueError:
        usable = False
    if not usable:
        raise DeliveryFailed("it redirects to what is no URL", for_good=True)
    if before.startswith("https:") and at.scheme == "http":
        raise DeliveryFailed(
            "it redirects from https to http, which is not followed", for_good=True
        )
    return url
