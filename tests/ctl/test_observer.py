"""What of the event log is news for who sits at the prompt."""

import pytest

from ctl.observer import news

BEGIN = "2026-11-28 21:25:00,123 WARN "


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (
            "exited: web:0 (exit status 1; not expected) after 0:00:03, cpu 0.01 s",
            "[21:25:00 exited: web:0 (exit status 1; not expected) after 0:00:03, cpu 0.01 s]",
        ),
        ("exited: web:0 (exit status 0; expected) after 0:00:03, cpu 0.01 s", None),
        ("stopped: web:0 (terminated by SIGTERM) after 0:00:03, cpu 0.01 s", None),
        ("spawned: 'web:0' with pid 5", None),
        ("command: stop exited: (uid 0, pid 5)", None),
        (
            "gave up: web:0 entered FATAL state, too many start retries (no)",
            "[21:25:00 gave up: web:0 entered FATAL state, too many start retries (no)]",
        ),
        ("spawnerr: web:0: no \x1b[2J", "[21:25:00 spawnerr: web:0: no \\x1b[2J]"),
        ("not ready: web:0 (late)", "[21:25:00 not ready: web:0 (late)]"),
        ("", None),
    ],
)
def test_deaths_and_giving_up_are_news(line: str, shown: str | None) -> None:
    told = news(BEGIN + line)

    assert (told and told[1]) == shown


def test_the_same_process_dying_again_is_the_same_news() -> None:
    lines = [f"{BEGIN}exited: web:0 (exit status {n}; not expected) after 0:0{n}" for n in (1, 2)]
    first, second = (news(line) for line in lines)

    assert first is not None
    assert second is not None
    assert first[0] == second[0] == "exited: web:0"
