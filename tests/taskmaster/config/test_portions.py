"""Groups that differ, and a config of which a part is taken over."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from taskmaster.config.model import Config, Program, Settings
from taskmaster.config.portions import (
    GroupChanges,
    by_group,
    compare_groups,
    describe_portion,
    meant,
    take_over,
    without,
)

SETTINGS = Settings(socket="s", logfile="l")


def config(programs: str, **groups: str) -> Config:
    """Programs by names; ``web!`` has another command, ``web?`` another stopsignal."""
    made = {}
    for word in programs.split():
        name = word.rstrip("!?")
        command, stop = ("y" if "!" in word else "x"), (2 if "?" in word else 15)
        made[name] = Program(name=name, command=command, stopsignal=stop, priority=len(name))
    members = {name: tuple(words.split()) for name, words in groups.items()}
    return Config(path="c", settings=SETTINGS, programs=made, groups=members)


def names(found: Config) -> dict[str, list[str]]:
    return {group: [p.name for p in programs] for group, programs in by_group(found).items()}


def test_groups_stand_by_priority_and_name() -> None:
    found = config("web a bb db cc", site="web db", other="web cc", empty="cc")

    assert names(found) == {"a": ["a"], "bb": ["bb"], "other": ["cc"], "site": ["web", "db"]}


def test_groups_are_compared_by_their_programs() -> None:
    old = config("web db own gone", site="web db")
    new = config("web db? own fresh late", site="web db", more="late")

    changes = compare_groups(old, new)

    assert changes == GroupChanges(("fresh", "more"), ("site",), ("gone",))


def test_a_program_in_a_group_is_no_group() -> None:
    old, new = config("web db"), config("web db", site="web db")

    assert compare_groups(old, new) == GroupChanges(("site",), (), ("db", "web"))
    assert compare_groups(new, old) == GroupChanges(("db", "web"), (), ("site",))


def test_the_order_inside_a_group_counts() -> None:
    changes = compare_groups(config("a b", site="a b"), config("a b", site="b a"))

    assert changes == GroupChanges((), ("site",), ())


def test_what_a_name_means() -> None:
    found = config("web db own", site="web", other="web db", alias="web")

    assert [meant(found, name) for name in ("own", "web", "site", "other", "alias", "no")] == [
        ("own",), ("web",), ("web",), ("db",), ("web",), (),
    ]  # fmt: skip


def test_what_is_chosen_is_as_in_the_other_and_the_rest_as_it_was() -> None:
    active = config("web db gone left")
    known = config("web! db! fresh late", site="web fresh")

    after = take_over(active, known, {"web", "fresh", "gone"})

    assert names(after) == {"db": ["db"], "left": ["left"], "site": ["web", "fresh"]}
    assert after.programs["web"].command == "y"
    assert after.programs["db"].command == "x"


def test_who_is_taken_into_a_group_leaves_the_one_before() -> None:
    active = config("web db", old="web db")
    known = config("web db", new="db", old="web")

    assert names(take_over(active, known, {"db"})) == {"new": ["db"], "old": ["web"]}
    assert names(without(active, {"db"})) == {"old": ["web"]}
    assert without(active, {"web", "db"}).groups == {}


def test_what_was_taken_over_is_told_in_supervisorctls_words() -> None:
    old = config("web db own gone", site="web db")
    new = config("web! fresh db more own?", site="web fresh", db2="db more")

    assert describe_portion(old, new) == (
        "gone: removed process group",
        "own: updated process group",
        "site: updated process group",
        "web: restarted (cmd)",
        "own: updated (stopsignal)",
        "fresh: added",
        "db2: added process group",
    )


NAMES = ("a", "b", "c", "d")
CONFIGS = st.builds(
    lambda programs, groups: config(" ".join(programs), **groups),
    st.lists(st.sampled_from([f"{n}{m}" for n in NAMES for m in ("", "!")]), max_size=4),
    st.dictionaries(
        st.sampled_from(["g", "h"]),
        st.lists(st.sampled_from(NAMES), min_size=1, unique=True).map(" ".join),
    ),
).map(
    lambda made: replace(
        made,
        groups={
            group: kept
            for group, members in made.groups.items()
            if (kept := tuple(name for name in members if name in made.programs))
        },
    )
)


@given(CONFIGS, CONFIGS, st.sets(st.sampled_from(NAMES)))
def test_only_what_is_chosen_changes(active: Config, known: Config, chosen: set[str]) -> None:
    after = take_over(active, known, chosen)

    for name in NAMES:
        source = known if name in chosen else active
        assert after.programs.get(name) == source.programs.get(name)
        for group in ("g", "h"):
            assert (name in after.groups.get(group, ())) == (name in source.groups.get(group, ()))
    assert {p.name for members in by_group(after).values() for p in members} == set(after.programs)


@given(CONFIGS, CONFIGS)
def test_everything_chosen_is_the_other_config(active: Config, known: Config) -> None:
    after = take_over(active, known, NAMES)

    assert compare_groups(after, known) == GroupChanges((), (), ())
    assert (after.programs, after.groups) == (known.programs, known.groups)
