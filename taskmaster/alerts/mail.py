"""Deliver one message by SMTP. It blocks, and has a thread for it (`threads`).

Certificates are verified, against the system's or those of `ca_file`. A password is read for each
try, so that a changed one counts at once, and never becomes part of what is told.
"""

import contextlib
import os
import smtplib
import socket
import ssl
import time
from typing import Final

from taskmaster.alerts import formats
from taskmaster.alerts.certificates import context_for
from taskmaster.alerts.failures import DeliveryFailed, read_secret, why
from taskmaster.alerts.message import Message
from taskmaster.alerts.model import Email, Security

_PERMANENT: Final = 500
"""Reply codes from here on: the same will not succeed later (RFC 5321, 4.2.1)."""


class Delivery:
    """One message on its way to a mail server."""

    def __init__(self, target: Email, message: Message, timeout: float) -> None:
        """Prepare; `timeout` is for each thing that the server is waited for."""
        self._target = target
        self._message = message
        self._timeout = timeout
        self._client: smtplib.SMTP | None = None

    def deliver(self) -> str:
        """Deliver; return who was refused though others were not, or "".

        Raises:
            DeliveryFailed: nobody got it, as far as we know.
        """
        password = _password(self._target)
        try:
            return self._deliver(password)
        except smtplib.SMTPRecipientsRefused as exc:
            codes = [code for code, _ in exc.recipients.values()]
            for_good = min(codes, default=0) >= _PERMANENT
            raise DeliveryFailed(_refused(exc.recipients), for_good=for_good) from None
        except smtplib.SMTPResponseException as exc:
            reply = _reply(exc.smtp_error, password)
            for_good = exc.smtp_code >= _PERMANENT
            text = f"the server said {exc.smtp_code} {reply}"
            raise DeliveryFailed(text, for_good=for_good) from None
        except smtplib.SMTPNotSupportedError as exc:
            raise DeliveryFailed(_reply(str(exc), password), for_good=True) from None
        except smtplib.SMTPServerDisconnected as exc:
            late = "timed out" in str(exc)  # smtplib makes a text of the exception
            text = "no answer in time" if late else "the server closed the connection"
            raise DeliveryFailed(text) from None
        except ssl.SSLCertVerificationError as exc:
            text = f"its certificate is not accepted: {exc.verify_message}"
            raise DeliveryFailed(text, for_good=True) from None
        except (OSError, ValueError) as exc:  # smtplib's exceptions are an OSError
            raise DeliveryFailed(_reply(why(exc), password)) from None

    def _deliver(self, password: str) -> str:
        target = self._target
        where, name = (target.host, target.port), self._name()
        if target.security is Security.TLS:
            context = self._context()
            client: smtplib.SMTP = smtplib.SMTP_SSL(
                *where, local_hostname=name, timeout=self._timeout, context=context
            )
        else:
            client = smtplib.SMTP(*where, local_hostname=name, timeout=self._timeout)
        self._client = client
        try:
            if target.security is Security.STARTTLS:
                client.starttls(context=self._context())
            if target.user:
                client.login(target.user, password)
            letter = formats.mail(self._message, target, time.time())
            refused = client.sendmail(target.sender, target.recipients, letter)
            with contextlib.suppress(OSError):  # it is delivered by now
                client.quit()
            return _refused(refused) if refused else ""
        finally:
            client.close()

    def stop(self) -> None:
        """End a try that takes too long; called from another thread."""
        client = self._client
        connection = client.sock if client is not None else None
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _name(self) -> str:
        # Left out it would be looked up, which takes as long as a name server likes.
        return self._message.host if self._message.host.isascii() else "localhost"

    def _context(self) -> ssl.SSLContext:
        return context_for(self._target.ca_file)


def _password(target: Email) -> str:
    if target.password_file:
        return read_secret(target.password_file)
    if target.password_env:
        password = os.environ.get(target.password_env, "")
        if not password:
            raise DeliveryFailed(f"the environment has no {target.password_env}", for_good=True)
        return password
    return ""


def _refused(recipients: dict[str, tuple[int, bytes]]) -> str:
    return "refused: " + ", ".join(
        f"{address} ({code} {_reply(reply, '')})" for address, (code, reply) in recipients.items()
    )


def _reply(reply: bytes | str, password: str) -> str:
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    text = " ".join(text.split())[:200]
    return text.replace(password, "***") if password else text
