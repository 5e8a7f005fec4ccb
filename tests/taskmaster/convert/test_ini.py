"""Where each option stood, over all files."""

from pathlib import Path

import pytest

from taskmaster.convert.findings import Findings, Place, Refused
from taskmaster.convert.ini import read_ini


def test_places_are_those_of_what_counts(tmp_path: Path) -> None:
    main, one, two = (str(tmp_path / name) for name in ("main.conf", "d/1.ini", "d/2.ini"))
    (tmp_path / "d").mkdir()
    Path(main).write_text(
        "; first\n[supervisord]\n\nlogfile = %(here)s/x\n[include]\nfiles = d/*.ini\n  no/*\n"
        "[program:a]\nCommand: cat\n  -u\nuser=x\n"
    )
    Path(one).write_text("[program:b]\ncommand=%(here)s/b\n[program:a]\nuser=y\n")
    Path(two).write_text("[DEFAULT]\npriority=3\n")
    findings = Findings()

    ini = read_ini(main, {}, findings)

    a, b = ini.sections["program:a"], ini.sections["program:b"]
    assert ini.files == (main, one, two)
    assert (a.place, b.place) == (Place(main, 8), Place(one, 1))
    assert a.options["command"].text == "cat\n-u"
    assert a.options["command"].place == Place(main, 9)
    assert (a.options["user"].text, a.options["user"].place) == ("y", Place(one, 4))
    assert a.options["priority"].place == Place(two, 2)
    assert b.options["command"].text == f"{tmp_path}/d/b"
    assert ini.sections["supervisord"].options["logfile"].text == f"{tmp_path}/x"
    assert [str(note) for note in findings.notes] == [
        f"{main}:6: [include] files: no file matches 'no/*'"
    ]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"[supervisord]\n\xff=1\n", "not UTF-8: byte 14 is 0xff"),
        (b"x=1\n[supervisord]\n", ":1: no section has begun yet"),
        (b"[supervisord]\nwords\n", ":2: neither a section nor an option"),
    ],
)
def test_what_is_no_such_file_says_so(tmp_path: Path, data: bytes, said: str) -> None:
    path = tmp_path / "s.conf"
    path.write_bytes(data)

    with pytest.raises(Refused) as refused:
        read_ini(str(path), {}, Findings())

    assert said in str(refused.value)


@pytest.mark.parametrize("name", ["missing", "."])
def test_what_cannot_be_read_says_why(tmp_path: Path, name: str) -> None:
    with pytest.raises(Refused, match=r"cannot be read: (no such file|is a directory)"):
        read_ini(str(tmp_path / name), {}, Findings())
