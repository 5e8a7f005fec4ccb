"""What a program's configuration means for the terminal of each of its processes."""

import os
from collections.abc import Callable

from pty_mux.pipes import Pipes
from pty_mux.pump import Pump
from pty_mux.ring import mapped_ring
from pty_mux.session import Session, SessionState
from pty_mux.winsize import Winsize
from taskmaster.config.model import Program, StderrChannel
from taskmaster.state import Unreadable, from_plain


def new_session(program: Program) -> Session:
    """Return the terminal of a process that never ran.

    Raises:
        OSError: there is no memory for its scrollback.
    """
    return Session(program.scrollback, _winsize(program))


def found_session(program: Program, descriptor: int, state: object) -> Session:
    """Return the terminal that another core had: its memory and its state, as that one saved it.

    Where either cannot be read it is a new one.

    Raises:
        OSError: there is no memory for its scrollback.
    """
    try:
        return Session.restored(mapped_ring(descriptor), from_plain(SessionState, state))
    except (OSError, ValueError, Unreadable):
        return new_session(program)
    finally:
        os.close(descriptor)


def new_pump(
    program: Program, session: Session, descriptors: list[int], on_closed: Callable[[], None]
) -> Pump | Pipes:
    """Return what moves the bytes of a process that has just become its command.

    Args:
        program: what governs it.
        session: its terminal.
        descriptors: what came with it, as many as `spawnrequest.terminals_of` says.
        on_closed: called once they are all closed.
    """
    if program.stderr_channel is StderrChannel.THREE_PIPES:
        stdout, stderr, stdin = descriptors
        return Pipes(stdout, stderr, stdin, session, on_closed)
    return Pump(
        descriptors[0],
        descriptors[1] if len(descriptors) > 1 else None,
        session,
        stderr_is_terminal=program.stderr_channel is StderrChannel.SECOND_TERMINAL,
        on_closed=on_closed,
    )


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
