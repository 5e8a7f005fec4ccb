"""How processes come up and go: stop sequences, whom they leave behind, ready texts, recordings."""

import json
import os
import re
import signal
import sys
from pathlib import Path

import pytest

from tests.integration.conftest import Site, is_alive, wait_for


def quoted(path: Path, code: str) -> str:
    """Write a Python program and return the command that runs it."""
    path.write_text(code)
    return f"{sys.executable} -u {path}"


def pid_in(site: Site, name: str) -> int:
    return int(wait_for(lambda: site.text(name).strip(), name))


def command_of(pid: int) -> str:
    path = Path(f"/proc/{pid}/comm")
    return path.read_text().strip() if path.exists() else ""


# --- stopping by steps -----------------------------------------------------------------------


def test_keys_then_a_signal_then_a_kill(site: Site) -> None:
    command = quoted(
        site.folder / "game.py",
        "import signal\n"
        "signal.signal(signal.SIGTERM, lambda *_: print('TERM: not yet'))\n"
        "print('up')\n"
        "while True: print('got', input())\n",
    )
    site.start(
        f"  game: {{cmd: {command}, stdout: out, "
        'stop: [{send: "save-all\\r"}, {wait: 0.3}, {signal: TERM, wait: 0.3}, {kill: group}]}'
    )
    wait_for(lambda: "up" in site.text("out"), "the program to be up")

    stopped = site.ctl("stop", "game:0")

    assert stopped.stdout == "game:0: stopped\n"
    assert re.search(r"got save-all\n(?s:.*)TERM: not yet", site.text("out"))
    events = site.events().splitlines()
    told = [line.partition(" INFO ")[2] for line in events if "stopping" in line]
    assert [re.sub(r"\d+", "N", line) for line in told] == [
        "stopping: game:N (N) by typing 'save-all\\r'",
        "stopping: game:N (N) with SIGTERM",
    ]
    assert "(process group " in site.events()
    assert "stopped: game:0 (terminated by SIGKILL)" in site.events()


def test_a_program_that_goes_at_the_first_step_sees_no_second(site: Site) -> None:
    command = quoted(site.folder / "game.py", "print('up')\ninput()\nprint('bye')\n")
    site.start(f'  game: {{cmd: {command}, stdout: out, stop: [{{send: "stop\\r", wait: 60}}]}}')
    wait_for(lambda: "up" in site.text("out"), "the program to be up")

    assert site.ctl("stop", "game:0").stdout == "game:0: stopped\n"

    assert "bye" in site.text("out")
    assert "stopped: game:0 (exit status 0)" in site.events()


def test_the_job_in_a_shell_s_foreground_gets_the_signal(site: Site) -> None:
    job = quoted(
        site.folder / "job.py",
        "import os, time\n"
        "open('job.pid', 'w').write(str(os.getpid()))\n"
        "try: time.sleep(1000)\n"
        "except KeyboardInterrupt: open('job.end', 'w').write('interrupted')\n",
    )
    site.start(
        "  sh: {cmd: bash --norc --noprofile -i, workingdir: ., "
        "stop: [{signal: INT, to: foreground, wait: 1}, {signal: HUP, wait: 60}]}"
    )
    site.ctl("send", "--enter", "sh:0", job)
    pid_in(site, "job.pid")

    assert site.ctl("stop", "sh:0").stdout == "sh:0: stopped\n"

    assert site.text("job.end") == "interrupted"
    assert "(foreground process group of" in site.events()


def test_a_reload_gives_other_steps_without_a_restart(site: Site) -> None:
    site.start("  web: {cmd: sleep 1000}")
    pid = site.status("web:0")["pid"]
    site.write("  web: {cmd: sleep 1000, stop: [{signal: INT}]}")

    assert site.ctl("reload").stdout == "web: updated (stop)\n"

    assert site.status("web:0")["pid"] == pid
    site.ctl("stop", "web:0")
    assert "stopped: web:0 (terminated by SIGINT)" in site.events()


# --- whom a process leaves behind ------------------------------------------------------------

STUBBORN = "trap '' TERM HUP; echo $BASHPID > left.pid; exec sleep 1000"


def leaves(body: str) -> str:
    """Return a command: a shell that starts something and ends at TERM without caring for it."""
    return json.dumps(["bash", "-c", f"({body}) & trap 'exit 0' TERM; wait"])


def test_whoever_does_not_go_with_it_is_reported(site: Site) -> None:
    site.start(f"  web: {{cmd: {leaves(STUBBORN)}, workingdir: .}}")
    left = pid_in(site, "left.pid")
    wait_for(lambda: command_of(left) == "sleep", "its exec")

    try:
        stopped = site.ctl("stop", "web:0")
        assert stopped.stdout == f"web:0: stopped, but it left behind pid {left} (sleep 1000)\n"
        assert stopped.returncode == 0
        assert f"WARN left behind: web:0: pid {left} (sleep 1000)" in site.events()
        assert is_alive(left)
        assert f"left behind: pid {left} (sleep 1000)" in site.ctl("status", "web:0").stdout
    finally:
        os.kill(left, signal.SIGKILL)


@pytest.mark.parametrize(
    "policy", ["killasgroup: true", "stop: [{signal: TERM, wait: 1}, {kill: group}]"]
)
def test_a_group_that_is_to_be_killed_is_gone_when_the_stop_is_done(
    site: Site, policy: str
) -> None:
    site.start(f"  web: {{cmd: {leaves(STUBBORN)}, workingdir: ., {policy}}}")
    left = pid_in(site, "left.pid")

    assert site.ctl("stop", "web:0").stdout == "web:0: stopped\n"

    assert not is_alive(left)


def test_a_stop_waits_for_a_group_that_needs_its_time(site: Site) -> None:
    body = "trap 'sleep 1.5; touch clean; exit' TERM; trap '' HUP; echo x > left; "
    body += "while sleep 0.1; do :; done"
    site.start(f"  web: {{cmd: {leaves(body)}, workingdir: ., stopasgroup: true, stoptime: 60}}")
    wait_for(lambda: site.text("left"), "the child")

    assert site.ctl("stop", "web:0").stdout == "web:0: stopped\n"

    assert (site.folder / "clean").exists()


def test_a_restart_starts_the_new_one_when_the_old_tree_is_gone(site: Site) -> None:
    """What would else happen: the port is still taken by a worker of the old one."""
    command = quoted(
        site.folder / "server.py",
        "import fcntl, os, signal, time\n"
        "port = open('port', 'w')\n"
        "fcntl.flock(port, fcntl.LOCK_EX | fcntl.LOCK_NB)\n"
        "master = os.getpid()\n"
        "if os.fork() == 0:\n"
        "    signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "    open('worker', 'a').write('up')\n"
        "    while os.getppid() == master: time.sleep(0.01)\n"
        "    time.sleep(0.3)\n"
        "else: time.sleep(1000)\n",
    )
    site.start(f"  web: {{cmd: {command}, workingdir: .}}")
    wait_for(lambda: site.text("worker"), "the worker")
    pid = site.status("web:0")["pid"]

    assert site.ctl("restart", "web:0").stdout == "web:0: started\n"

    assert site.status("web:0")["pid"] != pid
    assert "left behind" not in site.events()


def test_a_daemon_of_its_own_session_is_reported_and_not_waited_for(site: Site) -> None:
    body = "setsid sh -c 'echo $$ > left.pid; exec sleep 1000' & wait"
    site.start(f"  web: {{cmd: {leaves(body)}, workingdir: .}}")
    left = pid_in(site, "left.pid")
    wait_for(lambda: command_of(left) == "sleep", "its exec")

    try:
        assert f"left behind pid {left} (sleep 1000)" in site.ctl("stop", "web:0").stdout
    finally:
        os.kill(left, signal.SIGKILL)


def test_a_second_term_ends_what_is_waited_for_too(site: Site) -> None:
    policy = "stop: [{signal: TERM, to: group, wait: 60}, {kill: group}]"
    site.start(f"  web: {{cmd: {leaves(STUBBORN)}, workingdir: ., {policy}}}")
    left, keeper = pid_in(site, "left.pid"), site.pid
    wait_for(lambda: command_of(left) == "sleep", "its exec")
    os.kill(keeper, signal.SIGTERM)
    site.wait_event("stopped: web:0")

    os.kill(keeper, signal.SIGTERM)

    wait_for(lambda: not is_alive(keeper), "the daemon to end")
    assert not is_alive(left)
    assert f"killing what 'web:0' left behind at once: pid {left}" in site.events()


def test_a_kill_reaches_who_is_in_the_group_also_below_one_who_has_left_it(site: Site) -> None:
    code = (
        "import os, signal, time\n"
        "for number in (signal.SIGTERM, signal.SIGHUP): signal.signal(number, signal.SIG_IGN)\n"
        "master = os.getpid()\n"
        "if os.fork() == 0:\n"
        "    if os.fork() == 0:\n"
        "        open('left.pid', 'w').write(str(os.getpid()))\n"
        "        time.sleep(1000)\n"
        "    os.setpgid(0, 0)\n"
        "    open('other.pid', 'w').write(str(os.getpid()))\n"
        "    time.sleep(1000)\n"
        "signal.signal(signal.SIGTERM, signal.SIG_DFL)\n"
        "time.sleep(1000)\n"
    )
    command = quoted(site.folder / "nested.py", code)
    policy = "stop: [{signal: TERM, wait: 1}, {kill: group}]"
    site.start(f"  web: {{cmd: {command}, workingdir: ., {policy}}}")
    left, other = pid_in(site, "left.pid"), pid_in(site, "other.pid")

    try:
        stopped = site.ctl("stop", "web:0").stdout
        assert not is_alive(left)
        assert f"left behind pid {other}" in stopped
    finally:
        os.kill(other, signal.SIGKILL)


def test_the_steps_count_too_when_the_keeper_is_gone(site: Site) -> None:
    command = quoted(site.folder / "game.py", "print('up')\nprint('got', input())\n")
    site.start(f'  game: {{cmd: {command}, stdout: out, stop: [{{send: "save\\r", wait: 60}}]}}')
    wait_for(lambda: "up" in site.text("out"), "the program to be up")

    os.kill(site.pid, signal.SIGKILL)

    site.wait_event("taskmasterd has ended")
    assert "got save" in site.text("out")


# --- ready -----------------------------------------------------------------------------------


def test_it_is_running_when_its_screen_says_so(site: Site) -> None:
    command = quoted(
        site.folder / "game.py",
        "print('Done (just kidding)')\ninput()\nprint('\\x1b[32mDone\\x1b[0m (3.2s)!')\ninput()\n",
    )
    site.start(f"  game: {{cmd: {command}, ready: {{text: 'Done \\(\\d', within: 600}}}}")
    site.ctl("wait", "game:0", "--text", "kidding")
    assert site.status("game:0")["state"] == "STARTING"

    site.ctl("send", "--enter", "game:0", "")

    site.wait_state("game:0", "RUNNING")
    site.wait_event(r"success: game:0 entered RUNNING state, its screen shows 'Done \\(\\d'")


def test_what_an_earlier_life_left_on_the_screen_does_not_make_it_ready(site: Site) -> None:
    command = quoted(
        site.folder / "once.py",
        "import os\nif not os.path.exists('was'): open('was', 'w'); print('Done')\ninput()\n",
    )
    site.start(f"  game: {{cmd: {command}, workingdir: ., ready: {{text: Done, within: 600}}}}")
    site.wait_state("game:0", "RUNNING")

    os.kill(site.status("game:0")["pid"], signal.SIGKILL)

    site.wait_event("(restart 1)")
    assert site.ctl("wait", "game:0", "--text", "Done", "--idle", "0.2").returncode == 0
    assert site.status("game:0")["state"] == "STARTING"


def test_what_is_not_ready_in_time_is_stopped_and_tried_again(site: Site) -> None:
    site.start(
        "  game: {cmd: sleep 1000, autostart: no, startretries: 1, "
        "ready: {text: Done, within: 0.2}}"
    )

    started = site.ctl("start", "game:0")

    assert started.returncode == 1
    assert started.stdout == (
        "game:0: ERROR ('Done' not on its screen in 0.2 s; next try in 1 s)\n"
    )
    site.wait_state("game:0", "FATAL")
    assert site.events().count("not ready: game:0 ('Done' not on its screen in 0.2 s)") == 2
    assert site.events().count("spawned: 'game:0'") == 2


def test_a_reload_that_asks_for_a_text_which_stands_there_already(site: Site) -> None:
    site.start("  game: {cmd: [sh, -c, echo Done; sleep 1000], starttime: 600}")
    site.ctl("wait", "game:0", "--text", "Done")
    site.write("  game: {cmd: [sh, -c, echo Done; sleep 1000], ready: Done}")

    site.ctl("reload")

    site.wait_state("game:0", "RUNNING")


def test_a_reload_does_not_find_the_text_of_an_earlier_life(site: Site) -> None:
    command = quoted(
        site.folder / "once.py",
        "import os\nif not os.path.exists('was'): open('was', 'w'); print('Done')\ninput()\n",
    )
    site.start(f"  game: {{cmd: {command}, workingdir: ., ready: {{text: Done, within: 600}}}}")
    site.wait_state("game:0", "RUNNING")
    os.kill(site.status("game:0")["pid"], signal.SIGKILL)
    site.wait_event("(restart 1)")
    wait_for(lambda: site.status("game:0")["pid"], "its second life")

    for change in ("{text: Done, within: 500}", "{text: Don, within: 500}"):
        site.write(f"  game: {{cmd: {command}, workingdir: ., ready: {change}}}")
        assert site.ctl("reload").stdout == "game: updated (ready)\n"
        assert site.status("game:0")["state"] == "STARTING"


# --- recordings ------------------------------------------------------------------------------


def recorded(path: Path) -> str:
    return "".join(json.loads(line)[2] for line in path.read_text().splitlines()[1:])


def test_a_process_is_recorded_from_its_start_and_the_last_recording_is_kept(site: Site) -> None:
    site.start(
        "  web: {cmd: [sh, -c, 'echo life $$; sleep 1000'], numprocs: 2, "
        "record: 'rec-%(process_num)02d.cast'}"
    )
    first = site.status("web:1")["pid"]
    path = site.folder / "rec-01.cast"
    wait_for(lambda: path.exists() and f"life {first}" in recorded(path), "its first words")

    site.ctl("restart", "web:1")

    second = site.status("web:1")["pid"]
    wait_for(lambda: f"life {second}" in recorded(path), "its second life")
    assert f"life {first}" in recorded(site.folder / "rec-01.cast.1")
    assert f"life {first}" not in recorded(path)
    refused = site.ctl("record", "web:0", str(path))
    assert (refused.returncode, "web:1 is recorded there" in refused.stdout + refused.stderr) == (
        1,
        True,
    )
    assert json.loads(path.read_text().splitlines()[0])["version"] == 2
    assert (site.folder / "rec-00.cast").exists()


def test_a_recording_that_cannot_be_is_told_and_stops_nobody(site: Site) -> None:
    site.start("  web: {cmd: sleep 1000, record: nowhere/web.cast}")

    site.wait_state("web:0", "RUNNING")
    assert "web:0 is not recorded in " in site.events()


def test_a_reload_begins_and_ends_a_recording(site: Site) -> None:
    site.start("  web: {cmd: cat}")
    site.write("  web: {cmd: cat, record: web.cast}")
    assert site.ctl("reload").stdout == "web: updated (record)\n"
    path = site.folder / "web.cast"
    site.ctl("send", "--enter", "web:0", "hello")
    wait_for(lambda: "hello" in recorded(path), "the recording")

    site.write("  web: {cmd: cat}")
    site.ctl("reload")
    site.ctl("send", "--enter", "web:0", "good night")
    site.ctl("wait", "web:0", "--text", "good night")

    assert "good night" not in recorded(path)
