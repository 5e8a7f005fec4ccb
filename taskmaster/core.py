"""The beginning of a core: its words, what it finds, and how its start went.

What it finds decides what it is: the first core of a daemon reads the config, a later one goes on
from what the one before had saved. Either says when it is prepared and waits for its turn
(`taskmaster.legacy`); what fails until then is told to whoever started the daemon and to the
keeper, and leaves everything as it was.
"""

import argparse
import asyncio
import contextlib
import json
import os
import socket
import sys
from typing import Final, NoReturn

from taskmaster.config.errors import ConfigRejected
from taskmaster.config.load import load
from taskmaster.config.model import Config
from taskmaster.control.listener import AlreadyRunning, SocketRefused
from taskmaster.daemon import Daemon, echo
from taskmaster.keeper import wire
from taskmaster.keeper.channel import Channel, ChannelClosed
from taskmaster.keeper.cores import CHANNEL_OPTION, READY_OPTION
from taskmaster.keeper.identity import become, from_word
from taskmaster.legacy import receive_legacy
from taskmaster.memory import recall
from taskmaster.state import Unreadable

EXIT_FAILURE: Final = 1
EXIT_BAD_CONFIG: Final = 2


class Options(argparse.Namespace):
    """The words of a core, which `taskmaster.launch` and the keeper composed."""

    config: str
    socket: str | None
    foreground: bool
    channel: int
    ready: int
    user: str


class _Starter:
    """Whoever started the daemon and waits to hear how that went; in the foreground nobody."""

    def __init__(self, descriptor: int, channel: Channel) -> None:
        self._descriptor = descriptor
        self._channel = channel

    def ready(self, report: dict[str, object]) -> None:
        """Tell that the daemon answers."""
        self._tell(report)

    def failed(self, text: str, status: int) -> int:
        """Tell why it does not, also the keeper; return the exit status."""
        self._channel.send(wire.Unable(text))
        if self._descriptor < 0:
            echo(text)
        else:
            self._tell({"error": text, "status": status})
        return status

    def _tell(self, report: dict[str, object]) -> None:
        if self._descriptor >= 0:
            with contextlib.suppress(BrokenPipeError):
                os.write(self._descriptor, json.dumps(report).encode())
            os.close(self._descriptor)
            self._descriptor = -1


def main() -> NoReturn:
    """Run the core, which the keeper has started."""
    parser = argparse.ArgumentParser()
    parser.add_argument("config")
    parser.add_argument("--socket")
    parser.add_argument("--foreground", action="store_true")
    parser.add_argument(CHANNEL_OPTION, dest="channel", type=int, required=True)
    parser.add_argument(READY_OPTION, dest="ready", type=int, required=True)
    parser.add_argument("--user", default="")
    options = parser.parse_args(namespace=Options())
    started_by = os.geteuid()
    if (identity := from_word(options.user)) is not None:
        become(identity)
    channel = Channel(socket.socket(fileno=options.channel))
    starter = _Starter(options.ready, channel)
    try:
        status = _run(options, started_by, channel, starter)
    except ConfigRejected as exc:
        status = starter.failed(exc.render(), EXIT_BAD_CONFIG)
    except (AlreadyRunning, SocketRefused) as exc:
        status = starter.failed(f"taskmasterd: {exc}", EXIT_FAILURE)
    except Unreadable as exc:
        text = f"taskmasterd: what the core before has left cannot be used: {exc}"
        status = starter.failed(text, EXIT_FAILURE)
    except OSError as exc:
        text = f"taskmasterd: {exc.filename or 'start'}: {exc.strerror}"
        status = starter.failed(text, EXIT_FAILURE)
    except ChannelClosed:
        status = EXIT_FAILURE  # the keeper is gone, and nobody is there to hear it
    except Exception as exc:
        channel.send(wire.Unable(f"{type(exc).__name__}: {exc}"))
        raise
    sys.exit(status)


def _run(options: Options, started_by: int, channel: Channel, starter: _Starter) -> int:
    legacy = receive_legacy(channel)
    remembered = recall(legacy.saved)
    if remembered is not None:
        config = remembered.config
    else:
        loaded = load(options.config, os.environ, started_by)
        config = loaded.with_socket(options.socket).config

    async def run(config: Config) -> int:
        daemon = Daemon(
            config,
            legacy,
            remembered,
            socket=options.socket,
            foreground=options.foreground,
            started_by=started_by,
        )
        report = {
            "pid": os.getppid(),
            "socket": config.settings.socket,
            "logfile": config.settings.logfile,
        }
        return await daemon.run(channel, lambda: starter.ready(report))

    return asyncio.run(run(config))
