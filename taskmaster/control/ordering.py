"""Orders, signals and emptied logs: what clients ask to have done to named processes."""

import asyncio
from collections.abc import Callable, Sequence

from taskmaster.control import handlers
from taskmaster.control.listener import Peer
from taskmaster.control.logsources import clear_logs
from taskmaster.driver import Driver
from taskmaster.orders import Kind, Order
from taskmaster.protocol import messages
from taskmaster.protocol.messages import Outcome, Verdict

KINDS = {
    messages.Start: Kind.START,
    messages.Stop: Kind.STOP,
    messages.Restart: Kind.RESTART,
}


async def carry_out(
    driver: Driver,
    request: messages.Start | messages.Stop | messages.Restart,
    peer: Peer,
    tell: Callable[[Outcome], None],
) -> tuple[Order, list[Outcome]]:
    """Give an order and wait until it is done; return it, and its outcomes.

    With ``progress`` each outcome is told as soon as it is there.

    Raises:
        RequestError: the daemon is shutting down.
    """
    supervisor = driver.supervisor
    handlers.refuse_while_shutting_down(supervisor)
    chosen, missing = handlers.split_names(supervisor, request.names)
    done = asyncio.Event()
    order = driver.order(KINDS[type(request)], list(chosen), done.set, request.order, str(peer))
    told: set[str] = set()

    def look() -> None:
        for outcome in order.outcomes:
            if outcome.name not in told:
                told.add(outcome.name)
                tell(outcome)

    if not request.progress:
        await done.wait()
        return order, [*order.outcomes, *missing]
    for outcome in missing:
        tell(outcome)
    driver.watch(look)
    try:
        await done.wait()
    finally:
        driver.unwatch(look)
    return order, [*order.outcomes, *missing]


def signal(driver: Driver, request: messages.Signal, peer: Peer) -> list[Outcome]:
    """Signal processes; return how that went for each.

    Raises:
        RequestError: there is no such signal.
    """
    number = handlers.signal_number(request.signal)
    chosen, missing = handlers.split_names(driver.supervisor, request.names)
    return [
        Outcome(name, Verdict.DONE, "signalled")
        if driver.signal(name, number, str(peer))
        else Outcome(name, Verdict.FAILED, "not running")
        for name in chosen
    ] + missing


def clear(driver: Driver, names: Sequence[str]) -> list[Outcome]:
    """Empty the logs of processes; return how that went for each."""
    chosen, missing = handlers.split_names(driver.supervisor, names)
    outcomes = []
    for name in chosen:
        try:
            clear_logs(driver, name)
            outcomes.append(Outcome(name, Verdict.DONE, "cleared"))
        except OSError as exc:
            text = f"{exc.filename or 'log'}: {exc.strerror}"
            outcomes.append(Outcome(name, Verdict.FAILED, text))
    return outcomes + missing
