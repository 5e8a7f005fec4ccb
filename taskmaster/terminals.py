"""What a program's configuration means for the terminal of each of its processes."""

from pty_mux.session import Session
from pty_mux.winsize import Winsize
from taskmaster.config.model import Program


def new_session(program: Program) -> Session:
    """Return the terminal of a process that never ran.

    Raises:
        OSError: there is no memory for its scrollback.
    """
    return Session(program.scrollback, _winsize(program))


def configure(session: Session, program: Program) -> str | None:
    """Bring a terminal up to the configuration; return what could not be done, if anything.

    Where there is no memory for another scrollback the old one stays: it is no reason to touch a
    process.
    """
    session.set_default_winsize(_winsize(program))
    try:
        session.set_scrollback(program.scrollback)
    except OSError as exc:
        return f"its scrollback stays at {session.ring.capacity} bytes: {exc.strerror}"
    return None


def _winsize(program: Program) -> Winsize:
    return Winsize(program.size.rows, program.size.columns)
