"""What the config says of alerts, as values. Pure.

Passwords are not here: their files and variables are named, and read when they are needed. What a
`repr` must not show is left out of it.
"""

import enum
from dataclasses import dataclass, field
from typing import Final, TypeAlias


class Kind(enum.Enum):
    """What an alert may be about; the words of ``events:``."""

    DIED = "died"
    """A process ended that should not have."""

    FATAL = "fatal"
    """A process is given up."""

    BACKOFF = "backoff"
    """A process did not come up, and is tried again later."""

    RESTARTED = "restarted"
    """A process is started again without an order."""

    LOG = "log"
    """A log file cannot be written."""

    CONFIG = "config"
    """A reload was refused, since the config has errors."""

    CORE = "core"
    """The core died, and another one took over."""


class Security(enum.Enum):
    """How a connection to a mail server is protected."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


class Template(enum.Enum):
    """What an HTTP target is sent."""

    JSON = "json"
    SLACK = "slack"
    DISCORD = "discord"
    NTFY = "ntfy"


class Transport(enum.Enum):
    """How a syslog server is reached."""

    UNIX = "unix"
    UDP = "udp"
    TCP = "tcp"


class Facility(enum.IntEnum):
    """RFC 5424, table 1."""

    KERN = 0
    USER = 1
    MAIL = 2
    DAEMON = 3
    AUTH = 4
    SYSLOG = 5
    LPR = 6
    NEWS = 7
    UUCP = 8
    CRON = 9
    AUTHPRIV = 10
    FTP = 11
    LOCAL0 = 16
    LOCAL1 = 17
    LOCAL2 = 18
    LOCAL3 = 19
    LOCAL4 = 20
    LOCAL5 = 21
    LOCAL6 = 22
    LOCAL7 = 23


@dataclass(frozen=True, slots=True, kw_only=True)
class Email:
    """Messages by SMTP.

    Attributes:
        user: to log in as, or "".
        password_file: holds the password in its first line; or "".
        password_env: the variable of the daemon's environment that holds it; or "".
        ca_file: certificates to trust instead of the system's; or "".
    """

    host: str
    port: int
    security: Security
    sender: str
    recipients: tuple[str, ...]
    user: str = ""
    password_file: str = ""
    password_env: str = ""
    ca_file: str = ""

    def __str__(self) -> str:
        return f"email by {self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Http:
    """Messages by POST; the URL may well be a secret itself.

    Attributes:
        headers: names and values, sent along.
        secret: signs what is sent; or "".
        secret_file: holds it in its first line; or "".
        ca_file: certificates to trust instead of the system's; or "".
    """

    url: str = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    secret: str = field(default="", repr=False)
    secret_file: str = ""
    template: Template = Template.JSON
    ca_file: str = ""

    def __str__(self) -> str:
        scheme, _, rest = self.url.partition("://")
        return f"{scheme}://{rest.partition('/')[0].partition('?')[0]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Syslog:
    """A line for each event, as RFC 5424 has it.

    Attributes:
        address: the path of a datagram socket, or a host.
        port: of that host; 0 with a path.
    """

    transport: Transport
    address: str
    port: int
    facility: Facility

    def __str__(self) -> str:
        if self.transport is Transport.UNIX:
            return f"syslog at {self.address}"
        return f"syslog at {self.transport.value}://{self.address}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A program that gets the document on standard input; `words` is never empty."""

    words: tuple[str, ...] = field(repr=False)

    def __str__(self) -> str:
        return f"command {self.words[0]}"


Target: TypeAlias = Email | Http | Syslog | Command

MERGED_PAUSE_SECONDS: Final = {Email: 60.0, Http: 10.0, Syslog: 0.0, Command: 10.0}
"""`Alert.pause` where the config does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Who is to be told of what.

    Attributes:
        events: what of.
        programs: names and patterns of processes; empty: all. What happens to the daemon itself
            is told in any case.
        pause: seconds between two messages at least. Events that come meanwhile go into one,
            and while they keep coming it is doubled each time. 0: a message for each event.
        timeout: seconds that one try to deliver may take.
        retries: how often it is tried again.
    """

    name: str
    target: Target
    events: tuple[Kind, ...] = tuple(Kind)
    programs: tuple[str, ...] = ()
    pause: float
    timeout: float = 10.0
    retries: int = 8
