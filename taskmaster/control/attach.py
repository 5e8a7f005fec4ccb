"""A connection that has become an attachment: frames between one client and one session.

Out: what the session has for the client, in frames, as fast as the client reads and no faster. In:
keys and window sizes, as fast as the process takes them; a process that does not read stalls the
reading of its own clients, and nothing else.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

from pty_mux.attachment import Attachment
from pty_mux.pump import Pump
from pty_mux.session import FLOOD_BYTES, Session
from pty_mux.vt.answers import Outer
from pty_mux.winsize import Winsize
from taskmaster.protocol.frames import (
    FrameDecoder,
    FrameType,
    ProtocolViolation,
    decode_report,
    decode_size,
    encode_frame,
)

_PIECE_BYTES: Final = 32 * 1024
_UNSENT_BYTES: Final = 64 * 1024
"""How much may wait in our own buffer for a client's socket; the rest stays in the ring."""

_FLOOD_SECONDS: Final = 0.002
"""A program that writes without pause is left to write so long, and then a larger piece taken: the
kernel gives 4 KiB of a terminal at a time, and each would be a frame, a write and a reading."""

_PICTURE_SECONDS: Final = 0.05
"""At least so much is between two pictures for a client of another size."""


async def carry(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    session: Session,
    attachment: Attachment,
    pump: Callable[[], Pump | None],
) -> None:
    """Carry for one attached client until it leaves or the attachment ends.

    Args:
        reader: frames from the client.
        writer: frames to the client.
        session: what it is attached to.
        attachment: its place there.
        pump: gives whatever moves the bytes of the process at the moment.

    Raises:
        ProtocolViolation: the client sent what is no frame.
    """
    writer.transport.set_write_buffer_limits(high=_UNSENT_BYTES)
    inwards = asyncio.create_task(_inwards(reader, session, attachment, pump), name="attach in")
    outwards = asyncio.create_task(_outwards(writer, session, attachment), name="attach out")
    try:
        await asyncio.wait((inwards, outwards), return_when=asyncio.FIRST_COMPLETED)
    finally:
        session.detach(attachment)
        for task in (inwards, outwards):
            task.cancel()
        results = await asyncio.gather(inwards, outwards, return_exceptions=True)
    for result in results:
        if isinstance(result, ProtocolViolation):
            raise result


async def _outwards(writer: asyncio.StreamWriter, session: Session, attachment: Attachment) -> None:
    news = asyncio.Event()
    attachment.on_news(news.set)
    with contextlib.suppress(ConnectionError):
        while True:
            news.clear()
            while data := await _next(session, attachment):
                writer.write(encode_frame(FrameType.OUTPUT, data))
                await writer.drain()
                if attachment.sees_pictures:
                    await asyncio.sleep(_PICTURE_SECONDS)
                elif FLOOD_BYTES <= len(data) < _PIECE_BYTES:
                    await asyncio.sleep(_FLOOD_SECONDS)
            while attachment.notices:
                text = attachment.notices.pop(0)
                writer.write(encode_frame(FrameType.NOTICE, text.encode("utf-8", "replace")))
            if attachment.ending is not None:
                text = attachment.ending
                writer.write(encode_frame(FrameType.END, text.encode("utf-8", "replace")))
                await writer.drain()
                return
            await writer.drain()
            await news.wait()


async def _next(session: Session, attachment: Attachment) -> bytes:
    """Return the next bytes for the client; a long way for the model is gone in small steps."""
    while attachment.needs_screen and not session.catch_up():  # noqa: ASYNC110 - it does work
        await asyncio.sleep(0)  # others first
    return attachment.take(_PIECE_BYTES)


async def _inwards(
    reader: asyncio.StreamReader,
    session: Session,
    attachment: Attachment,
    pump: Callable[[], Pump | None],
) -> None:
    decoder = FrameDecoder()
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(_PIECE_BYTES):
            for frame in decoder.feed(data):
                match frame.type:
                    case FrameType.INPUT if not attachment.read_only:
                        session.typed(attachment)
                        if (target := pump()) is not None:
                            target.write(frame.payload)
                            await target.input_room()
                    case FrameType.SIZE:
                        session.resized(attachment, Winsize(*decode_size(frame.payload)))
                    case FrameType.REPORT:
                        foreground, background, speaks_kitty = decode_report(frame.payload)
                        colours = {10: foreground, 11: background}
                        known = {number: text for number, text in colours.items() if text}
                        session.told_of(attachment, Outer(known, speaks_kitty))
                    case FrameType.INPUT:
                        pass  # who only watches is not heard, whatever its client sends
                    case other:
                        raise ProtocolViolation(f"a client does not send {other.name} frames")
