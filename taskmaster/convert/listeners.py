"""An ``[eventlistener:x]`` of supervisord's to a program with ``events``. Pure."""

from collections.abc import Collection
from typing import Final

from taskmaster.convert import values
from taskmaster.convert.findings import Findings
from taskmaster.convert.ini import Section
from taskmaster.convert.programs import Programs, Shared, convert_program
from taskmaster.convert.section import Options
from taskmaster.convert.yamltext import Value
from taskmaster.listeners.kinds import KNOWN, LEFT_OUT

_OWN: Final = ("events", "buffer_size", "result_handler", "redirect_stderr")
_DEFAULT_HANDLER: Final = "supervisor.dispatchers:default_handler"
_MAX_BUFFER: Final = 100_000


def convert_listener(
    section: Section, shared: Shared, taken: Collection[str], findings: Findings
) -> Programs:
    """Return what listens as that section does; mistakes and differences are noted."""
    name = section.name.partition(":")[2]
    rest = {option: found for option, found in section.options.items() if option not in _OWN}
    programs = convert_program(
        Section(section.name, section.place, rest), name, shared, taken, findings
    )
    own = {option: found for option, found in section.options.items() if option in _OWN}
    names = shared.names()
    names.filled |= {"program_name": name, "group_name": name}
    options = Options(Section(section.name, section.place, own), names, findings)
    keys = _keys(options)
    if not keys.get("events"):
        return {}
    if len(programs) > 1:
        options.note("", f"each of its {len(programs)} programs is told every event here")
    return {ours: program | keys for ours, program in programs.items()}


def _keys(options: Options) -> dict[str, Value]:
    keys: dict[str, Value] = {}
    wanted = [name.upper() for name in options.read("events", values.words, list[str]())]
    if not options.has("events") or not wanted:
        options.refuse("", "it needs events")
    for name in wanted:
        if name in LEFT_OUT:
            options.note("events", f"{name} left out: there is no capture mode")
        elif name not in KNOWN:
            options.refuse("events", f"there is no event {name!r}")
    keys["events"] = list(dict.fromkeys(name for name in wanted if name in KNOWN))
    if wanted and not keys["events"]:
        options.note("", "left out: nothing else is to be told to it")
    size = options.read("buffer_size", values.integer, 10)
    if size < 1:
        options.refuse("buffer_size", "it must be 1 at least")
    if options.has("buffer_size"):
        keys["buffer_size"] = min(size, _MAX_BUFFER)
    if size > _MAX_BUFFER:
        options.note("buffer_size", f"it is {_MAX_BUFFER} now, the most that is taken here")
    if options.read("redirect_stderr", values.boolean, False):
        options.refuse("redirect_stderr", "an event listener needs its stdout for itself")
    if options.read("result_handler", str, _DEFAULT_HANDLER) != _DEFAULT_HANDLER:
        options.note("result_handler", "left out: OK takes an event and all else rejects it here")
    return keys
