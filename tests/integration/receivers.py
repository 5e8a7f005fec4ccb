"""Servers on loopback that alerts are delivered to: mail with TLS and login, HTTP, syslog."""

import contextlib
import email
import email.message
import email.policy
import http.server
import json
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "ada", "correct horse"


def make_certificate(folder: Path) -> Path:
    """Make a certificate for 127.0.0.1, and its key in the same file."""
    path = folder / "server.pem"
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    words = ["openssl", "req", "-x509", *key, *subject, "-days", "2"]
    paths = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run([*words, *paths], check=True, capture_output=True)
    path.write_text((folder / "cert.pem").read_text() + (folder / "key.pem").read_text())
    return path


def server_context(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


class Mails:
    """A handler of aiosmtpd: keeps what it gets, and may refuse it a few times."""

    def __init__(self) -> None:
        self.letters: list[email.message.EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.refusals = 0

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if self.refusals:
            self.refusals -= 1
            return "451 come back later"
        content = envelope.content
        assert isinstance(content, bytes)
        letter = email.message_from_bytes(content, policy=email.policy.default)
        assert isinstance(letter, email.message.EmailMessage)
        self.letters.append(letter)
        self.recipients.append(envelope.rcpt_tos)
        return "250 taken"

    def body(self, number: int) -> str:
        return str(self.letters[number].get_content()).replace("\r\n", "\n")


def _authenticate(
    server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
) -> AuthResult:
    known = LoginPassword(USER.encode(), PASSWORD.encode())
    return AuthResult(success=data == known, handled=data == known)


@contextlib.contextmanager
def mail_server(certificate: Path, *, starttls: bool) -> Iterator[tuple[Mails, int]]:
    """A mail server that wants TLS, from the start or by STARTTLS, and a login."""
    mails = Mails()
    options: dict[str, Any] = {"authenticator": _authenticate, "auth_required": True}
    context = server_context(certificate)
    if starttls:
        options |= {"tls_context": context, "require_starttls": True}
    else:
        options |= {"ssl_context": context, "auth_require_tls": False}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(mails, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield mails, port
    finally:
        controller.stop()


class Post:
    """What was posted."""

    def __init__(self, path: str, headers: dict[str, str], body: bytes) -> None:
        self.path = path
        self.headers = headers
        self.body = body

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Answer = Callable[[Post], tuple[int, dict[str, str]]]


def _pass_over(request: object, client_address: object) -> None:
    """A client that has gone, or does not trust the certificate."""


class WebServer:
    """Answers each POST as `answer` says, which may take its time.

    Attributes:
        posts: what has come by now, answered or not.
        released: set it to end the stalls.
    """

    def __init__(self, certificate: Path | None = None) -> None:
        self.posts: list[Post] = []
        self.answer: Answer = lambda post: (200, {})
        self.released = threading.Event()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                post = Post(self.path, dict(self.headers.items()), body)
                outer.posts.append(post)
                status, headers = outer.answer(post)
                with contextlib.suppress(OSError):  # who stalls is not waited for
                    self.send_response(status)
                    for name, value in headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", "0")
                    self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = _pass_over  # type: ignore[method-assign]
        if certificate is not None:
            context = server_context(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        scheme = "http" if certificate is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def stall(self, post: Post) -> tuple[int, dict[str, str]]:
        """Answer nothing until `released`."""
        self.released.wait()
        return 200, {}

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events of all JSON documents."""
        return [event for post in self.posts for event in post.json["events"]]

    def __enter__(self) -> "WebServer":
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.released.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
