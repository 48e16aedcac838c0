"""autograder collect: whatever comes in ends in submitted/STUDENT/ASSIGNMENT, or in a line for the instructor."""

import io
import json
import os
import stat
import struct
import zipfile
from argparse import Namespace
from datetime import UTC, datetime, timedelta

import pytest
from tiny import make_course

from autograder import collect as module
from autograder.archives import opened, stamp
from autograder.arrivals import arrivals
from autograder.collect import collect, run_collect
from autograder.course import CourseError
from autograder.intake import read_submission, submissions
from autograder.naming import Owner, Roster, owner
from autograder.release import release
from autograder.untrusted import Refused
from autograder.weave import weave

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    course = make_course(tmp_path_factory.mktemp("collect") / "course")
    list(weave(course))
    list(release(course))
    return course


@pytest.fixture
def course(made, tmp_path):
    """The small course, copied: woven and released, with nothing handed in."""
    for name in ("solutions", "exercises"):
        os.makedirs(tmp_path / "course" / name / "tiny")
        data = (made.root / name / "tiny" / "tiny.ipynb").read_bytes()
        (tmp_path / "course" / name / "tiny" / "tiny.ipynb").write_bytes(data)
    return type(made).at(tmp_path / "course")


def notebook(course, answer="1"):
    """A notebook with this answer in it, as bytes."""
    data = json.loads(course.released("tiny").read_bytes())
    next(c for c in data["cells"] if c["id"] == "double")["source"] = f"double = lambda x: {answer}"
    return json.dumps(data).encode()


def zipped(path, files, **how):
    """A zip file of {name or ZipInfo: bytes}, at `path` or, for None, as bytes."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, **how) as archive:
        for name, data in files.items() if isinstance(files, dict) else files:
            archive.writestr(name, data)
    if path is None:
        return made.getvalue()
    path.write_bytes(made.getvalue())
    return path


def handed(course, student, name="tiny.ipynb"):
    path = course.root / "submitted" / student / "tiny" / name
    return path.read_bytes() if path.exists() else None


def statuses(results):
    return {result.student: result.status for result in results}


def everything(root):
    """All files below the folder."""
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir())


CANVAS = {
    "lovelaceada_12345_678910_tiny.ipynb": ("lovelaceada-12345", False),
    "müllerjörg_LATE_12346_678911_my_tiny_notebook-1.ipynb": ("müllerjörg-12346", True),
    "anon_Ab3dE_678912_tiny.ipynb": ("anon_ab3de", False),
    "o_brien_77_678913_tiny.ipynb": ("o_brien-77", False),
}


def test_a_canvas_download(course, tmp_path):
    files = {name: notebook(course, i) for i, name in enumerate(CANVAS)}
    results = collect(course, "tiny", [zipped(tmp_path / "submissions.zip", files)])
    assert statuses(results) == {student: "new" for student, _ in CANVAS.values()}
    for name, (student, late) in CANVAS.items():
        assert handed(course, student) == files[name]
        assert read_submission(course, "tiny", student).late == late
    assert [r.line for r in results if "late, says Canvas" in r.line]


def test_canvas_keeps_the_latest_of_two_files(course, tmp_path):
    files = {
        "kofi_5_100_tiny.ipynb": notebook(course, 1),
        "kofi_5_101_tiny.ipynb": notebook(course, 2),
        "kofi_5_102_notes.txt": b"notes",
    }
    (result,) = collect(course, "tiny", [zipped(tmp_path / "s.zip", files)])
    assert handed(course, "kofi-5") == notebook(course, 2)
    assert handed(course, "kofi-5", "notes.txt") == b"notes"
    assert "tiny.ipynb was handed in twice: the later one counts" in result.line


@pytest.mark.parametrize(
    "form", ["{}_assignsubmission_file_/tiny.ipynb", "{}_assignsubmission_file/tiny.ipynb",
             "{}_assignsubmission_file_tiny.ipynb", "tiny-class/{}_assignsubmission_file_/tiny.ipynb"]
)  # fmt: skip
def test_a_moodle_download(course, tmp_path, form):
    people = {"Ada Lovelace_123": "ada-lovelace", "山田 太郎_124": "山田-太郎"}
    files = {form.format(who): notebook(course, i) for i, who in enumerate(people)}
    files["Ada Lovelace_123_assignsubmission_onlinetext_/onlinetext.html"] = b"<p>see file</p>"
    if form.startswith("tiny-class"):
        files.popitem()
    assert statuses(collect(course, "tiny", [zipped(tmp_path / "m.zip", files)])) == dict.fromkeys(
        people.values(), "new"
    )


def test_moodle_namesakes_and_blind_marking_are_told_apart(course, tmp_path):
    files = {f"Participant_{i}_assignsubmission_file_/tiny.ipynb": notebook(course, i) for i in (7, 8)}
    results = collect(course, "tiny", [zipped(tmp_path / "m.zip", files)])
    assert statuses(results) == {"participant-7": "new", "participant-8": "new"}


def test_folders_and_loose_notebooks_and_single_files(course, tmp_path):
    for name in ("in/ada/tiny.ipynb", "in/boris/tiny/tiny.ipynb", "in/chen.ipynb", "dana.ipynb"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(notebook(course, name.count("a")))
    results = collect(course, "tiny", [tmp_path / "in", tmp_path / "dana.ipynb"])
    assert statuses(results) == dict.fromkeys(("ada", "boris", "chen", "dana"), "new")


@pytest.mark.parametrize(
    "form", ["{}/tiny.ipynb", "{}.ipynb", "class/{}/tiny.ipynb", "tiny/{}.ipynb", "{}.zip"]
)
def test_zips_of_folders_and_notebooks(course, tmp_path, form):
    files = {form.format(who): notebook(course, who.count("a")) for who in ("ada", "boris")}
    if form.endswith("zip"):
        files = {name: zipped(None, {"work/tiny.ipynb": data}) for name, data in files.items()}
    assert statuses(collect(course, "tiny", [zipped(tmp_path / "x.zip", files)])) == {
        "ada": "new",
        "boris": "new",
    }
    assert handed(course, "ada") == notebook(course, 2)


@pytest.mark.parametrize(
    ("name", "student"),
    [
        ("tiny/ada.ipynb", "ada"),
        ("x/Ada Lane_1_assignsubmission_file_/tiny.ipynb", "ada-lane"),
        ("ada/tiny.ipynb", "ada"),
        ("ada/tiny/tiny.ipynb", "ada"),
    ],
)
def test_a_folder_around_one_student_is_told_from_a_students_folder(course, tmp_path, name, student):
    assert statuses(collect(course, "tiny", [zipped(tmp_path / "x.zip", {name: notebook(course)})])) == {
        student: "new"
    }


def test_the_exchange_with_attempts_in_the_order_they_came(course, tmp_path):
    inbound = tmp_path / "inbound"
    for folder, answer in (
        ("ada+tiny+2030-01-01 00:00:00 UTC+xyz", 1),  # a claim, and the first to come
        ("ada+tiny+2026-11-20 00:00:00 UTC", 2),
        ("ada+other+2026-11-20 00:00:00 UTC", 3),
        ("boris+tiny+2026-11-20 00:00:00 UTC", 4),
    ):
        (inbound / folder).mkdir(parents=True)
        (inbound / folder / "tiny.ipynb").write_bytes(notebook(course, answer))
        (inbound / folder / "timestamp.txt").write_text("1999-01-01 00:00:00 UTC")
        os.utime(inbound / folder / "tiny.ipynb", (10, 10))
    results = collect(course, "tiny", [inbound])
    assert [(r.student, r.status) for r in results] == [("ada", "new"), ("ada", "again"), ("boris", "new")]
    assert submissions(course, "tiny") == [("ada", 2), ("boris", 1)]
    assert handed(course, "ada") == notebook(course, 2)
    assert handed(course, "ada", "attempts/0001/tiny.ipynb") == notebook(course, 1)
    assert abs(read_submission(course, "tiny", "ada", 1).arrived - NOW) < timedelta(minutes=10)
    assert handed(course, "ada", "timestamp.txt") is None


def test_other_exercises_in_the_folder_are_not_collected(course, tmp_path):
    for name in ("solutions", "exercises"):
        (course.root / name / "other").mkdir()
        (course.root / name / "other" / "other.ipynb").write_bytes(course.released("tiny").read_bytes())
    for name in ("ada/tiny/tiny.ipynb", "ada/other/other.ipynb", "boris/other/other.ipynb"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_bytes(notebook(course))
    assert statuses(collect(course, "tiny", [tmp_path / "in"])) == {"ada": "new"}
    assert everything(course.root / "submitted" / "ada") == ["tiny/tiny.ipynb"]


def test_the_same_file_again_changes_nothing_and_keeps_its_time(course, tmp_path):
    path = zipped(tmp_path / "s.zip", {"kofi_5_100_tiny.ipynb": notebook(course)})
    collect(course, "tiny", [path])
    before = arrivals(course), everything(course.root), os.stat(course.root / "submitted/kofi-5/tiny").st_ino
    assert statuses(collect(course, "tiny", [path])) == {"kofi-5": "same"}
    assert before == (
        arrivals(course), everything(course.root), os.stat(course.root / "submitted/kofi-5/tiny").st_ino
    )  # fmt: skip


def test_every_attempt_is_kept(course, tmp_path):
    for answer in (1, 2, 3):
        (tmp_path / "ada.ipynb").write_bytes(notebook(course, answer))
        collect(course, "tiny", [tmp_path / "ada.ipynb"])
    assert [handed(course, "ada", f"attempts/000{n}/tiny.ipynb") for n in (1, 2)] == [
        notebook(course, n) for n in (1, 2)
    ]
    assert handed(course, "ada") == notebook(course, 3)
    assert submissions(course, "tiny") == [("ada", 3)]
    assert len(arrivals(course)["ada/tiny"]) == 3


def test_the_platform_dates_its_own_archive_and_nobody_elses(course, tmp_path):
    day = datetime(2026, 1, 2, 12, 0, 0).astimezone(UTC)
    for name in ("kofi_5_100_tiny.ipynb", "ada.ipynb"):
        info = zipfile.ZipInfo(name, (2026, 1, 2, 12, 0, 0))
        collect(course, "tiny", [zipped(tmp_path / "s.zip", {info: notebook(course)})])
    assert read_submission(course, "tiny", "kofi-5").arrived == day
    assert read_submission(course, "tiny", "ada").arrived > NOW - timedelta(minutes=10)


def test_a_students_own_zip_does_not_date_itself(course, tmp_path):
    info = zipfile.ZipInfo("tiny.ipynb", (1990, 1, 2, 12, 0, 0))
    outer = zipfile.ZipInfo("kofi_5_100_work.zip", (2026, 1, 2, 12, 0, 0))
    collect(course, "tiny", [zipped(tmp_path / "s.zip", {outer: zipped(None, {info: notebook(course)})})])
    assert read_submission(course, "tiny", "kofi-5").arrived.year == 2026


def test_nothing_came_after_it_was_collected(course, tmp_path):
    info = zipfile.ZipInfo("kofi_5_100_tiny.ipynb", (2099, 1, 2, 12, 0, 0))
    collect(course, "tiny", [zipped(tmp_path / "s.zip", {info: notebook(course)})])
    assert read_submission(course, "tiny", "kofi-5").arrived < NOW + timedelta(hours=1)


def test_dates_in_zips():
    info = zipfile.ZipInfo("x", (2026, 1, 2, 12, 0, 0))
    info.extra = struct.pack("<HHB", 0x1234, 1, 0) + struct.pack("<HHBI", 0x5455, 5, 1, 86400)
    assert stamp(info) == datetime(1970, 1, 2, tzinfo=UTC)
    info.extra, info.date_time = b"\x55", (1980, 0, 0, 0, 0, 0)
    assert stamp(info).year == 9999  # nonsense: the time of collecting is earlier and counts


def link_entry():
    info = zipfile.ZipInfo("eve/tiny.ipynb")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


ESCAPES = {
    "../../escaped.ipynb": "points out of its folder",
    "eve/../../escaped.ipynb": "points out of its folder",
    "/tmp/escaped.ipynb": "absolute name",
    "C:\\escaped.ipynb": "absolute name",
    "..\\..\\escaped.ipynb": "points out of its folder",
    "eve/./tiny.ipynb": "points out of its folder",
    "eve/a\x07.ipynb": "odd name",
    link_entry(): "is a link",
}


@pytest.mark.parametrize(
    "entry", ESCAPES, ids=lambda e: getattr(e, "filename", e).encode("unicode_escape").decode()
)
def test_nothing_is_written_outside(course, tmp_path, entry):
    outside = set(everything(tmp_path)) | {"s.zip"}
    path = zipped(tmp_path / "s.zip", {entry: b"../../secret", "ada/tiny.ipynb": notebook(course)})
    results = collect(course, "tiny", [path])
    assert statuses(results) == {"": "problem", "ada": "new"}
    assert ESCAPES[entry] in results[0].line
    new = set(everything(tmp_path)) - outside
    assert new == {
        "course/submitted/ada/tiny/tiny.ipynb",
        "course/.autograder/arrivals.json",
        "course/.autograder/lock",
    }
    assert not os.path.exists("/tmp/escaped.ipynb")


def test_bombs_and_broken_members_are_one_students_row(course, tmp_path):
    files = {
        "bomb/tiny.ipynb": b"0" * 19_000_000,
        "large/tiny.ipynb": os.urandom(1000) * 21_000,
        "ada/tiny.ipynb": notebook(course),
    }
    path = zipped(tmp_path / "s.zip", files)
    lines = {r.student: r.line for r in collect(course, "tiny", [path])}
    assert "zip bomb" in lines["bomb"]
    assert "too large: 21.0 MB" in lines["large"]
    assert lines["ada"] == "collected."
    assert handed(course, "bomb") is None


def test_a_member_with_a_wrong_checksum(course, tmp_path):
    path = zipped(tmp_path / "s.zip", {"eve/tiny.ipynb": b"x" * 100, "ada/tiny.ipynb": notebook(course)})
    data = bytearray(path.read_bytes())
    data[14] ^= 1
    data[data.index(b"PK\x01\x02") + 16] ^= 1
    path.write_bytes(data)
    lines = {r.student: r.line for r in collect(course, "tiny", [path])}
    assert "broken in the archive" in lines["eve"]
    assert lines["ada"] == "collected."


def test_encrypted_members(tmp_path):
    path = zipped(tmp_path / "s.zip", {"eve/tiny.ipynb": b"x"})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert opened(path, NOW) == ([], ["The archive's entry eve/tiny.ipynb is encrypted: left out."])


def test_too_many_entries_and_too_much_in_all(tmp_path):
    path = zipped(tmp_path / "s.zip", {f"{i}.txt": b"0" * 100 for i in range(20)})
    with pytest.raises(Refused, match="has 20 entries; 10 are allowed"):
        opened(path, NOW, most=10)
    with pytest.raises(Refused, match="would unpack to more than"):
        opened(path, NOW, together=1000)


def test_names_of_members(tmp_path):
    umlaut = zipfile.ZipInfo("@.ipynb")
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = zipped(
            tmp_path / "s.zip",
            [("a/tiny.ipynb", b"1"), ("a/tiny.ipynb", b"2"), ("b\\tiny.ipynb", b"3"), ("ö.ipynb", b"4"),
             (umlaut, b"5"), ("__MACOSX/._tiny.ipynb", b""), ("c/.DS_Store", b""), ("d/", b""),
             ("e/.ipynb_checkpoints/tiny-checkpoint.ipynb", b"")],
        )  # fmt: skip
    path.write_bytes(path.read_bytes().replace(b"@", b"\x94"))  # ö in cp437, as old zip programs write it
    entries, problems = opened(path, NOW)
    assert [entry.name for entry in entries] == ["a/tiny.ipynb", "b/tiny.ipynb", "ö.ipynb"]
    assert entries[0].read(10) == b"2"
    assert problems == [
        f"The archive has {name} twice: the last one counts." for name in ("a/tiny.ipynb", "ö.ipynb")
    ]


def test_names_in_utf8_are_read_whether_or_not_the_archive_says_so(tmp_path):
    drawn = "ö".encode().decode("cp437")  # a name that, read as the old encoding, would be another one
    path = zipped(tmp_path / "s.zip", {"ö.ipynb": b"", f"{drawn}.ipynb": b""})
    assert [entry.name for entry in opened(path, NOW)[0]] == ["ö.ipynb", f"{drawn}.ipynb"]
    silent = bytearray(zipped(None, {"ö.ipynb": b""}))
    silent[7] &= ~8  # the flag for UTF-8, in the member's header and in the directory
    silent[silent.index(b"PK\x01\x02") + 9] &= ~8
    assert [entry.name for entry in opened(bytes(silent), NOW)[0]] == ["ö.ipynb"]


def test_a_zip_in_a_zip_in_a_zip_stays_closed(course, tmp_path):
    deep = zipped(None, {"deep.zip": zipped(None, {"tiny.ipynb": b"x"}), "tiny.ipynb": notebook(course)})
    (result,) = collect(course, "tiny", [zipped(tmp_path / "s.zip", {"kofi_5_1_work.zip": deep})])
    assert result.status == "new"
    assert "deep.zip is an archive within an archive" in result.line


def test_a_students_broken_zip_is_one_row(course, tmp_path):
    files = {"kofi_5_1_work.zip": b"PK\x03\x04 no", "ada_6_2_tiny.ipynb": notebook(course)}
    results = collect(course, "tiny", [zipped(tmp_path / "s.zip", files)])
    assert statuses(results) == {"kofi-5": "problem", "ada-6": "new"}


def test_no_notebook_at_all_is_a_row_and_the_rest_is_kept(course, tmp_path):
    (result,) = collect(course, "tiny", [zipped(tmp_path / "s.zip", {"kofi_5_1_report.pdf": b"%PDF"})])
    assert (result.status, handed(course, "kofi-5", "report.pdf")) == ("problem", b"%PDF")
    assert "no notebook among the files" in result.line
    assert "There is report.pdf" in read_submission(course, "tiny", "kofi-5").problems[0]


def test_a_notebook_of_another_name_is_taken_as_it_is(course, tmp_path):
    files = {"kofi_5_1_Final Version.ipynb": notebook(course), "kofi_5_2_scratch.ipynb": b"{}"}
    (result,) = collect(course, "tiny", [zipped(tmp_path / "s.zip", files)])
    assert handed(course, "kofi-5") == notebook(course)
    assert handed(course, "kofi-5", "scratch.ipynb") == b"{}"
    assert "Final Version.ipynb is taken as tiny.ipynb" in result.line


def test_a_student_cannot_hand_in_earlier_attempts(course, tmp_path):
    files = {
        "ada/tiny.ipynb": notebook(course),
        "ada/attempts/attempts/0001/tiny.ipynb": b"{}",
        "b.ipynb": b"{}",
    }
    collect(course, "tiny", [zipped(tmp_path / "s.zip", files)])
    assert submissions(course, "tiny", ["ada"]) == [("ada", 1)]


def test_links_in_folders_are_not_followed(course, tmp_path):
    (tmp_path / "in" / "eve").mkdir(parents=True)
    (tmp_path / "in" / "ada").mkdir()
    (tmp_path / "in" / "ada" / "tiny.ipynb").write_bytes(notebook(course))
    (tmp_path / "in" / "eve" / "tiny.ipynb").symlink_to(tmp_path / "in" / "ada" / "tiny.ipynb")
    (tmp_path / "in" / "mal").symlink_to(tmp_path / "in" / "ada")
    os.link(tmp_path / "in" / "ada" / "tiny.ipynb", tmp_path / "in" / "hard.ipynb")
    os.unlink(tmp_path / "in" / "ada" / "tiny.ipynb")
    os.link(tmp_path / "in" / "hard.ipynb", tmp_path / "twin")
    lines = " ".join(r.line for r in collect(course, "tiny", [tmp_path / "in"]))
    assert "eve/tiny.ipynb is a link" in lines
    assert "mal is a link" in lines
    assert "hard.ipynb is a hard link" in lines
    assert not (course.root / "submitted" / "eve").exists()


def test_a_planted_link_in_submitted_is_not_written_through(course, tmp_path):
    (course.root / "submitted").mkdir()
    (tmp_path / "outside").mkdir()
    (course.root / "submitted" / "ada").symlink_to(tmp_path / "outside")
    (tmp_path / "ada.ipynb").write_bytes(notebook(course))
    (result,) = collect(course, "tiny", [tmp_path / "ada.ipynb"])
    assert (result.status, result.line) == ("problem", "not collected: submitted/ada is a link.")
    assert everything(tmp_path / "outside") == []


@pytest.mark.parametrize("when", range(3))
def test_nothing_is_lost_when_interrupted(course, tmp_path, monkeypatch, when):
    (tmp_path / "ada.ipynb").write_bytes(notebook(course, 1))
    collect(course, "tiny", [tmp_path / "ada.ipynb"])
    (tmp_path / "ada.ipynb").write_bytes(notebook(course, 2))
    rename, calls = os.rename, []

    def interrupted(old, new):
        calls.append(old)
        if len(calls) == when:
            raise KeyboardInterrupt
        rename(old, new)

    monkeypatch.setattr(module.os, "rename", interrupted)
    if when:
        with pytest.raises(KeyboardInterrupt):
            collect(course, "tiny", [tmp_path / "ada.ipynb"])
    monkeypatch.setattr(module.os, "rename", rename)
    collect(course, "tiny", [tmp_path / "ada.ipynb"])
    assert handed(course, "ada") == notebook(course, 2)
    assert handed(course, "ada", "attempts/0001/tiny.ipynb") == notebook(course, 1)
    assert os.listdir(course.root / "submitted" / "ada") == ["tiny"]


def test_what_was_stored_before_an_interruption_is_dated(course, tmp_path, monkeypatch):
    put = module.put

    def interrupted(home, *rest):
        if home.name == "boris":
            raise KeyboardInterrupt
        return put(home, *rest)

    monkeypatch.setattr(module, "put", interrupted)
    files = {"ada.ipynb": notebook(course), "boris.ipynb": notebook(course)}
    with pytest.raises(KeyboardInterrupt):
        collect(course, "tiny", [zipped(tmp_path / "s.zip", files)])
    assert list(arrivals(course)) == ["ada/tiny"]


ROSTERS = {
    "plain": "id,name,canvas id,moodle participant id,e-mail\nal1,Ada Lovelace,12345,77,ada@x.org\n"
    "jm2,Jörg Müller,,,\n",
    "canvas": "\ufeffStudent,ID,SIS User ID,SIS Login ID,Section\n\"Lovelace, Ada\",12345,,al1,A\n"
    "\"Müller, Jörg\",9,,jm2,A\n",
    "moodle": "Identifier;Full name;Username\nParticipant 77;Ada Lovelace;al1\nParticipant 78;Jörg Müller;jm2\n",
    "nbgrader": "id,first_name,last_name,email\nal1,Ada,Lovelace,ada@x.org\njm2,Jörg,Müller,\n",
}  # fmt: skip


@pytest.mark.parametrize("kind", ROSTERS)
def test_rosters_of_all_kinds(tmp_path, kind):
    (tmp_path / "roster.csv").write_text(ROSTERS[kind], encoding="utf-8")
    roster = Roster.read(tmp_path / "roster.csv")
    assert roster.find(Owner("canvas", "lovelaceada", "12345")) == "al1"
    assert roster.find(Owner("moodle", "Ada Lovelace", "77")) == "al1"
    assert roster.find(Owner("canvas", "müllerjörg", "555")) == "jm2"
    assert roster.find(Owner("folder", "AL1")) == "al1"
    assert roster.find(Owner("folder", "eve")) is None


def test_canvas_number_beats_the_name(tmp_path):
    (tmp_path / "r.csv").write_text("id,name,canvas id\na,Ada Lane,1\nb,Ada Lane,2\n")
    roster = Roster.read(tmp_path / "r.csv")
    assert roster.find(Owner("canvas", "laneada", "2")) == "b"
    assert roster.find(Owner("canvas", "laneada", "3")) is None


def test_canvas_own_list_calls_its_number_id(tmp_path):
    (tmp_path / "r.csv").write_text('Student,ID,SIS Login ID\n"Lane, Ada",1,a\n"Lane, Bo",2,b\n')
    assert Roster.read(tmp_path / "r.csv").find(Owner("canvas", "laneada", "2")) == "b"


def test_who_is_not_on_the_roster_is_told(course, tmp_path):
    (tmp_path / "r.csv").write_text(ROSTERS["plain"], encoding="utf-8")
    files = {"lovelaceada_12345_1_tiny.ipynb": notebook(course), "eve_1_2_tiny.ipynb": notebook(course)}
    results = collect(course, "tiny", [zipped(tmp_path / "s.zip", files)], tmp_path / "r.csv")
    assert statuses(results) == {"": "problem", "al1": "new"}
    assert any(r.line == "eve 1 is not on the roster: not collected." for r in results)


def test_two_who_would_have_one_id_are_not_mixed_up(course, tmp_path):
    files = {"Ada Lane/tiny.ipynb": notebook(course, 1), "ada lane/tiny.ipynb": notebook(course, 2)}
    results = collect(course, "tiny", [zipped(tmp_path / "s.zip", files)])
    assert statuses(results) == {"": "problem"}
    assert "not the only one who would be 'ada-lane'" in results[0].line


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda p: p / "nothing.zip", "no such file or folder"),
        (lambda p: (p / "a.zip").write_bytes(b"PK no zip") and p / "a.zip", "The zip archive is broken"),
        (lambda p: (p / "a.tar").write_bytes(b"x") and p / "a.tar", "neither a notebook, nor a folder"),
    ],
)
def test_what_the_instructor_mistyped(course, tmp_path, make, says):
    with pytest.raises(CourseError, match=says):
        collect(course, "tiny", [make(tmp_path)])


@pytest.mark.parametrize(
    ("text", "says"),
    [(None, "no such file"), ("a,b\n1,2\n", "no column with student ids"), ("", "no column")],
)
def test_a_roster_that_is_none(course, tmp_path, text, says):
    if text is not None:
        (tmp_path / "r.csv").write_text(text)
    with pytest.raises(CourseError, match=says):
        collect(course, "tiny", [tmp_path], tmp_path / "r.csv")


def test_the_command_prints_a_line_for_each_and_a_summary(course, tmp_path, capsys):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "ada.ipynb").write_bytes(notebook(course))
    options = Namespace(assignment="tiny", paths=[tmp_path / "in"], roster=None)
    assert run_collect(course, options) == 0
    (tmp_path / "in" / "tiny.ipynb").write_bytes(notebook(course))
    assert run_collect(course, options) == 1
    out = capsys.readouterr().out.splitlines()
    assert out[0].split(maxsplit=1) == ["ada", "collected."]
    assert out[1] == "tiny: 1 collected."
    assert "tiny.ipynb: the name does not say whose it is." in "".join(out[2:])
    assert out[-1] == "tiny: 1 the same as before; 1 to look at."


def test_what_names_say():
    assert owner("Ada_1_assignsubmission_file_/a/b.csv", "tiny") == (Owner("moodle", "Ada", "1"), "a/b.csv")
    assert owner("12345_678_x.ipynb", "tiny") == (Owner("canvas", "", "12345"), "x.ipynb")
    assert owner("LATE_anon_Ab3_678_x.ipynb", "tiny")[0] == Owner("canvas", "", "anon_Ab3", late=True)
    assert owner("ada+tiny+2026", "tiny")[0] is None
