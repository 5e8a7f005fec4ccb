"""Orders, reloads and shutdowns that cross each other: each of these once ended wrongly."""

from taskmaster.config.model import AutoRestart, Program
from taskmaster.orders import Kind, Step
from taskmaster.process.events import SignalFailed, SpawnFailed
from taskmaster.process.machine import step
from taskmaster.process.state import Process, State, Target
from taskmaster.protocol.messages import Verdict
from taskmaster.records import notice
from tests.taskmaster.test_supervisor import World, program

WEB = program("web", priority=1)
DB = program("db", priority=2)


def both_up(*programs: Program) -> World:
    world = World(*(programs or (WEB, DB)))
    world.perform(world.supervisor.autostart(0))
    world.up()
    world.news()
    return world


def test_a_shutdown_in_the_middle_of_a_restart_starts_nothing() -> None:
    world = both_up()
    world.order(Kind.RESTART, "web:0", "db:0")
    world.exits("db:0")  # db is down and waits for its start wave, web is being stopped

    world.shut_down()  # only `web` is superseded, so db's start wave is fed

    world.drain()
    assert world.supervisor.is_down


def test_an_order_to_a_process_that_is_on_its_way_out_does_not_keep_it() -> None:
    world = both_up()
    world.reload(WEB)
    assert world.states["db:0"] is State.STOPPING

    world.order(Kind.START, "db:0")
    world.drain()

    assert "db:0" not in world.states


def test_a_stop_order_ends_although_a_reload_removes_and_adds_its_process() -> None:
    world = both_up()
    order = world.order(Kind.STOP, "web:0", "db:0")  # db first
    world.reload(WEB)
    world.reload(WEB, DB)

    world.drain()

    assert order.is_done
    assert world.states["web:0"] is State.STOPPED


def test_a_restart_does_not_take_its_own_stop_for_somebody_elses() -> None:
    world = both_up()
    order = world.order(Kind.RESTART, "web:0", "db:0")  # db first
    world.exits("web:0", 1)  # started again by its rules, while db is stopping
    world.spawned("web:0")
    world.exits("db:0")  # now web's stop wave, while it is STARTING

    world.drain()

    assert [(o.verdict, o.text) for o in order.outcomes] == [(Verdict.DONE, "started")] * 2


def test_a_restart_is_not_told_done_by_a_start_of_before() -> None:
    world = both_up()
    order = world.order(Kind.RESTART, "web:0", "db:0")
    world.exits("web:0", 1)
    world.up()

    assert order.outcomes == ()


def test_a_restart_whose_outcomes_are_early_still_starts_what_it_stopped() -> None:
    world = both_up()
    world.order(Kind.RESTART, "web:0", "db:0")
    world.exits("web:0", 1)
    world.spawned("web:0")
    world.exits("db:0")
    world.order(Kind.STOP, "db:0")
    world.drain()

    assert world.states["web:0"] is State.RUNNING


def test_stopped_is_told_only_of_what_is_down_after_a_reload() -> None:
    world = both_up()
    order = world.order(Kind.STOP, "web:0", "db:0")
    world.reload(program("web", priority=1, command="new"), DB)  # web restarts, out of turn
    world.exits("web:0")

    assert order.outcomes == ()


def test_stopped_is_told_only_of_what_is_down_not_of_a_paced_restart() -> None:
    quick = program("web", priority=1, starttime=0, startretries=0, autorestart=AutoRestart.ALWAYS)
    world = both_up(quick, DB)
    order = world.order(Kind.STOP, "web:0", "db:0")
    world.exits("web:0")
    world.spawned("web:0")
    world.exits("web:0")
    assert world["web:0"].process.deadline is not None

    assert order.outcomes == ()


def test_the_notice_of_a_spawn_that_failed_in_a_restart_gives_the_reason() -> None:
    before = Process(state=State.STOPPING, target=Target.UP, deadline=10)
    event = SpawnFailed("cannot start: /nope: no such file or directory")
    after, actions = step(before, event, WEB, 0)

    text = notice(Step("web:0", before, event, after, WEB, actions))

    assert text == "web:0: cannot start: /nope: no such file or directory; starting it again"


def test_a_restart_ends_although_what_it_was_to_start_is_left_down() -> None:
    world = both_up()
    world.exits("db:0", 0)  # EXITED, as expected
    order = world.order(Kind.RESTART, "web:0", "db:0")  # web is stopping, db waits for its start
    world.order(Kind.STOP, "db:0")

    world.drain()

    assert order.is_done


def test_a_shutdown_does_not_start_what_ends_before_its_wave() -> None:
    world = both_up()
    world.order(Kind.RESTART, "web:0")
    world.happens("web:0", SignalFailed(1))  # UNKNOWN, and still to be started again

    world.shut_down()  # db first
    world.exits("web:0")

    assert "spawn web:0" not in world.news()
