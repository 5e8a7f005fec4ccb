"""One core takes over from another: what was saved meets what the keeper has.

Saved is what was decided; the keeper tells what became of it. A spawn that was decided and never
asked for is asked for now, one that was answered meanwhile is answered now, and so is every end.
"""

from collections.abc import Mapping

from taskmaster.driver import Driver
from taskmaster.keeper import wire
from taskmaster.legacy import Legacy
from taskmaster.memory import Remembered, ring_key
from taskmaster.mistakes import recorded
from taskmaster.orders import Order
from taskmaster.supervisor import Supervisor


def take_over(driver: Driver, legacy: Legacy, remembered: Remembered) -> None:
    """Have a new driver go on where another one stopped; `Driver.connect` comes after it."""
    processes = {entry.name: entry.process for entry in remembered.entries}
    orders = [Order.going_on(state, processes) for state in remembered.orders]
    supervisor = Supervisor.restored(
        remembered.config, remembered.entries, orders, down=remembered.shutting_down
    )
    tickets = remembered.tickets
    driver.memory.remember(remembered.programs)
    driver.supervisor = supervisor
    driver.expect_questions(order for order in orders if order.token)
    driver.recordings.left = remembered.recordings
    driver.children.take_over(tickets, max([0, *tickets.values(), *legacy.spawned]))


def meet(driver: Driver, legacy: Legacy, remembered: Remembered) -> None:
    """Have it find what there is; the keeper is connected by now."""
    driver.children.sockets.keeper = legacy.keeper
    driver.children.sockets.take_over(legacy.held, driver.supervisor.with_sockets())
    for name, entry in driver.supervisor.entries.items():
        descriptor = legacy.held.pop(ring_key(name), None)
        if descriptor is not None:
            with recorded(f"taking over the terminal of {name}"):
                driver.sessions.find(entry, descriptor, remembered.sessions.get(name))
    names = {ticket: name for name, ticket in remembered.tickets.items()}
    for ticket, (spawned, ends) in legacy.spawned.items():
        with recorded(f"taking over pid {spawned.pid}"):
            _find(driver, names.get(ticket), spawned, ends)
    _ask_again(driver, legacy, remembered.tickets)
    for outcome in legacy.outcomes.values():
        driver.on_message(outcome, [])
    driver.go_on()


def _find(driver: Driver, name: str | None, spawned: wire.Spawned, ends: list[int]) -> None:
    process = driver.supervisor.entries[name].process if name is not None else None
    if name is not None and process is not None and process.awaits_answer:
        driver.children.await_answer(name, asked=True)
        driver.on_message(spawned, ends)
    elif name is not None and process is not None and process.pid == spawned.pid:
        driver.children.resume(name, spawned.pid, ends)
    else:
        driver.children.end_nobodys(spawned.ticket, ends)


def _ask_again(driver: Driver, legacy: Legacy, tickets: Mapping[str, int]) -> None:
    heard_of = {*legacy.spawned, *legacy.outcomes, *legacy.begin.starting}
    for name, entry in driver.supervisor.entries.items():
        if entry.process.awaits_answer:
            driver.children.await_answer(name, asked=tickets[name] in heard_of)
