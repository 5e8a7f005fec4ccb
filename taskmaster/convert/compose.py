"""A compose file to a config of ours: those of its services that say which command they run. Pure.

A container is more than a process: what belongs to the image, the network or the volumes cannot be
carried over, and each such key is told by its line. What is said of the process can be: command and
entrypoint, variables, folder, user, signals and times, how many, and in which order.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from taskmaster.config.document import Mapping as MappingNode
from taskmaster.config.document import Node, Sequence, Text
from taskmaster.convert.expansions import escaped
from taskmaster.convert.findings import Finding, Findings, Place, Refused
from taskmaster.convert.interpolation import Variables, interpolated
from taskmaster.convert.order import priorities
from taskmaster.convert.yamltext import Value, block

_RESTART: Final = {"no": "never", "false": "never", "always": "always", "unless-stopped": "always"}
_CONDITION: Final = {"none": "never", "any": "always", "on-failure": "unexpected"}
_GONE_WITHOUT: Final = ("container_name", "init", "tty", "stdin_open", "labels", "pull_policy")
"""What means nothing without a container, or is so here anyway: every process has a terminal."""

_INSTEAD: Final[Mapping[str, str]] = {
    "image": "the command runs on this machine, which must have what was in the image",
    "build": "the command runs on this machine, which must have what was in the image",
    "ports": "a process listens where it says itself",
    "expose": "a process listens where it says itself",
    "volumes": "a process sees the files of this machine",
    "networks": "a process is in the network of this machine",
    "healthcheck": "ready: waits for a text on its screen at the start; nothing asks later",
    "logging": "stdout: names a log file",
    "secrets": "name the file where the program looks for it",
    "extends": "what it extends is not read",
}
_TOP: Final = ("services", "name", "version")


@dataclass(slots=True)
class _Reading:
    """What reading a service needs besides its own text."""

    variables: Variables
    read_variables: Callable[[str, Place], Mapping[str, str]]
    findings: Findings
    service: str = ""

    def note(self, place: Place, key: str, text: str) -> None:
        self.findings.notes.append(Finding(place, f"{self.service}.{key}", text))

    def text(self, node: Node) -> str:
        """Return a scalar in our language, '' where it is none."""
        if isinstance(node, Text):
            return interpolated(node.text, self.variables, place_of(node), self.findings)
        self.findings.errors.append(Finding(place_of(node), self.service, "expected a text"))
        return ""

    def texts(self, node: Node) -> list[str]:
        items = node.items if isinstance(node, Sequence) else (node,)
        return [self.text(item) for item in items]


def place_of(node: Node) -> Place:
    """Return where a node stands."""
    return Place(node.place.file, node.place.line)


def is_compose(root: Node) -> bool:
    """Whether a YAML document looks like a compose file."""
    return isinstance(root, MappingNode) and any(key.text == "services" for key, _ in root.items)


def convert_compose(
    root: Node,
    variables: Variables,
    read_variables: Callable[[str, Place], Mapping[str, str]],
    findings: Findings,
) -> str:
    """Return the config as YAML, without what stands above it; what is otherwise there is noted.

    Args:
        root: the document.
        variables: for ``$NAME``.
        read_variables: reads an ``env_file``, named at that place.
        findings: where to note.

    Raises:
        Refused: it cannot be understood, or no service says what it runs.
    """
    sections = _pairs(root)
    for name, (key, _) in sections.items():
        if name not in _TOP and not name.startswith("x-"):
            findings.notes.append(Finding(place_of(key), name, "left out"))
    if "services" not in sections:
        raise Refused(Finding(place_of(root), "", "there are no services: in it"))
    reading = _Reading(variables, read_variables, findings)
    programs: dict[str, dict[str, Value]] = {}
    needed: dict[str, list[str]] = {}
    for name, (key, body) in _pairs(sections["services"][1]).items():
        reading.service = name
        keys = _pairs(body)
        if "command" not in keys and "entrypoint" not in keys:
            note = "left out: what it runs is said in its image only"
            findings.notes.append(Finding(place_of(key), name, note))
            continue
        programs[name] = _program(keys, reading)
        needed[name] = _needed(keys, reading)
    if findings.errors:
        raise Refused(*findings.errors)
    if not programs:
        raise Refused(Finding(place_of(root), "", "no service in it has a command or entrypoint"))
    for name, priority in priorities(needed).items():
        programs[name]["priority"] = priority
    return "programs:\n" + "\n".join(block({name: one}, 2) for name, one in programs.items())


def _pairs(node: Node) -> dict[str, tuple[Text, Node]]:
    if isinstance(node, MappingNode):
        return {key.text: (key, value) for key, value in node.items}
    if isinstance(node, Text) and node.is_null:
        return {}
    raise Refused(Finding(place_of(node), "", "expected keys and values"))


def _program(keys: Mapping[str, tuple[Text, Node]], reading: _Reading) -> dict[str, Value]:
    found: dict[str, Value] = {"cmd": _command(keys, reading)}
    env = _environment(keys, reading)
    known = {"command", "entrypoint", "environment", "env_file", "depends_on"}
    found["autorestart"] = "never"
    for name, (key, node) in keys.items():
        read = _READ.get(name)
        if read is not None:
            found |= read(node, reading)
        elif name not in known and name not in _GONE_WITHOUT and not name.startswith("x-"):
            instead = _INSTEAD.get(name)
            reading.note(place_of(key), name, f"left out: {instead}" if instead else "left out")
    return {**found, "env": env} if env else found


def _command(keys: Mapping[str, tuple[Text, Node]], reading: _Reading) -> Value:
    """Return what runs: the entrypoint, and the command behind it."""
    given = [keys[name][1] for name in ("entrypoint", "command") if name in keys]
    written = [node for node in given if not (isinstance(node, Text) and node.is_null)]
    if len(written) == 1 and isinstance(written[0], Text):
        return reading.text(written[0])
    if all(isinstance(node, Text) for node in written):
        return " ".join(reading.text(node) for node in written)
    words: list[str] = []
    for node in written:
        words += reading.texts(node) if isinstance(node, Sequence) else reading.text(node).split()
    return words


def _environment(keys: Mapping[str, tuple[Text, Node]], reading: _Reading) -> dict[str, Value]:
    env: dict[str, Value] = {}
    if "env_file" in keys:
        node = keys["env_file"][1]
        for item in node.items if isinstance(node, Sequence) else (node,):
            path = (
                _pairs(item).get("path", (None, item))[1] if isinstance(item, MappingNode) else item
            )
            given = reading.read_variables(reading.text(path), place_of(item))
            env |= {name: escaped(value) for name, value in given.items()}
    if "environment" not in keys:
        return env
    node = keys["environment"][1]
    if isinstance(node, Sequence):
        for text in reading.texts(node):
            name, equals, value = text.partition("=")
            env |= {name: value} if equals else {}
        return env
    for name, (_, value_node) in _pairs(node).items():
        if not (isinstance(value_node, Text) and value_node.is_null):  # else it is the daemon's
            env[name] = reading.text(value_node)
    return env


def _needed(keys: Mapping[str, tuple[Text, Node]], reading: _Reading) -> list[str]:
    if "depends_on" not in keys:
        return []
    key, node = keys["depends_on"]
    note = "it is a priority here: an order of starts, in which nobody waits until another is ready"
    reading.note(place_of(key), "depends_on", note)
    if isinstance(node, MappingNode):
        return [name.text for name, _ in node.items]
    return reading.texts(node)


# --- single keys -----------------------------------------------------------------------------


def _restart(node: Node, reading: _Reading) -> dict[str, Value]:
    word, _, times = reading.text(node).partition(":")
    if word == "on-failure":
        found: dict[str, Value] = {"autorestart": "unexpected"}
        return {**found, "startretries": times} if times else found
    if word not in _RESTART:
        reading.note(place_of(node), "restart", f"left out: {word!r} is unknown")
    return {"autorestart": _RESTART.get(word, "never")}


def _deploy(node: Node, reading: _Reading) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for name, (key, value) in _pairs(node).items():
        if name == "replicas":
            found |= _replicas(value, reading)
        elif name == "restart_policy":
            condition = _pairs(value).get("condition")
            word = reading.text(condition[1]) if condition else "any"
            found["autorestart"] = _CONDITION.get(word, "always")
        elif name != "mode":
            reading.note(place_of(key), f"deploy.{name}", "left out")
    return found


def _replicas(node: Node, reading: _Reading) -> dict[str, Value]:
    text = reading.text(node)
    if text == "0":
        reading.note(place_of(node), "replicas", "0 is autostart: false here")
        return {"autostart": False}
    return {"numprocs": text} if text != "1" else {}


def _user(node: Node, reading: _Reading) -> dict[str, Value]:
    user, colon, _ = reading.text(node).partition(":")
    if colon:
        reading.note(place_of(node), "user", "the group is left out: it is that of the user")
    return {"user": user}


def _working_dir(node: Node, reading: _Reading) -> dict[str, Value]:
    reading.note(place_of(node), "working_dir", "it was a folder of the image; is it one here?")
    return {"workingdir": reading.text(node)}


def _profiles(node: Node, reading: _Reading) -> dict[str, Value]:
    reading.note(place_of(node), "profiles", "it is autostart: false here")
    return {"autostart": False}


def _as(key: str) -> Callable[[Node, _Reading], dict[str, Value]]:
    """Return the reader of what has another name here, and the same meaning."""
    return lambda node, reading: {key: reading.text(node)}


_READ: Final[Mapping[str, Callable[[Node, _Reading], dict[str, Value]]]] = {
    "restart": _restart,
    "deploy": _deploy,
    "scale": _replicas,
    "user": _user,
    "working_dir": _working_dir,
    "profiles": _profiles,
    "stop_signal": _as("stopsignal"),
    "stop_grace_period": _as("stoptime"),
}
