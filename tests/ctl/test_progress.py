"""What is drawn while an order is carried out, and an older daemon that cannot tell how it goes."""

from typing import Any

from ctl.progress import Progress, follow
from taskmaster.protocol import messages
from taskmaster.protocol.messages import ErrorCode, Outcome, RequestError, Verdict

DONE = Outcome("a:0", Verdict.DONE, "started")
FAILED = Outcome("b:0", Verdict.FAILED, "no\x1b[2J")


def progress(written: list[str], *words: str, colour: bool = False) -> Progress:
    return Progress(words, "start", colour=colour, write=written.append)


def test_outcomes_come_above_the_line_that_says_who_is_awaited() -> None:
    written: list[str] = []
    it = progress(written, "a", "b")

    it.expect(["a:0", "b:0"])
    it.settled(DONE)
    it.settled(DONE)
    it.done([DONE, FAILED])

    assert written == [
        "start: 0 of 2; waiting for a:0, b:0",
        "\r\x1b[Ka:0: started\nstart: 1 of 2; waiting for b:0",
        "\r\x1b[Kb:0: ERROR (no\\x1b[2J)\n",
    ]


def test_failures_are_red_and_leaving_takes_the_line_away() -> None:
    written: list[str] = []
    it = progress(written, "all", colour=True)

    it.expect(["a:0", "b:0"])
    it.settled(FAILED)
    it.leave()
    it.leave()

    assert written[1].startswith("\r\x1b[K\x1b[31mb:0: ERROR (no\\x1b[2J)\x1b[m\n")
    assert written[2:] == ["\r\x1b[K"]


def test_what_a_pattern_took_along_and_was_so_already_is_not_told() -> None:
    written: list[str] = []

    progress(written, "all").done([Outcome("a:0", Verdict.ALREADY, "already started")])

    assert written == [""]


class OlderDaemon:
    """Refuses what it does not know, as daemons do before they do anything."""

    def __init__(self) -> None:
        self.asked: list[messages.Request] = []

    def request(self, request: messages.Request, hear: object = None) -> messages.Result:
        self.asked.append(request)
        if isinstance(request, messages.Status):
            raise RequestError(ErrorCode.NO_SUCH_NAME, "x: ERROR (no such process)")
        if getattr(request, "progress", False):
            raise RequestError(ErrorCode.INVALID_PARAMS, "start: unknown parameter: progress")
        return [DONE]


def test_an_older_daemon_is_asked_as_it_knows_it() -> None:
    written: list[str] = []
    daemon: Any = OlderDaemon()
    request = messages.Start(("a", "x"), "token")

    assert follow(daemon, request, progress(written, "a", "x")) == [DONE]

    assert daemon.asked[-1] == request
    assert written == ["a:0: started\n"]
