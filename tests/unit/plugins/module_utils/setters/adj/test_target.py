# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an entry names, where systemd's answers are composed: templates, users' managers, drop-ins in the way."""

import pwd

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import MemfactsError, OptionError
from ansible_collections.memfacts.linux.plugins.module_utils.setters import as_user, systemd, unit_properties
from ansible_collections.memfacts.linux.plugins.module_utils.setters.adj import (
    drop_in_text,
    persistence,
    selection,
    target,
)
from tests.support.people import LOGGED_IN, process

NAME = drop_in_text.NAME
USERS = {1000: "alice", 1001: "bob", 1002: "eve"}


def params(unit, scope="system", user=None, state="present"):
    found = dict.fromkeys([*selection.KINDS, "value"])
    found.update(unit=unit, scope=scope, user=user, state=state, value=300, children=False, persist="auto")
    return found


def shown(name, folder="", main=0, adj=0, drop_ins="", fragment="", program="", state="loaded"):
    return (
        f"Id={name}\nLoadState={state}\nActiveState=active\nControlGroup={folder}\nMainPID={main}\n"
        f"OOMScoreAdjust={adj}\nDropInPaths={drop_ins}\nFragmentPath={fragment}\n"
        f"ExecStart={{ path={program} ; argv[]={program} ; ignore_errors=no }}\n"
    )


class Module:
    """What systemctl answers by the last word of the command; `asked` are those words."""

    def __init__(self, answers):
        self._answers = answers
        self.asked = []

    def get_bin_path(self, name, **_options):
        return name

    def run_command(self, command, **_options):
        self.asked.append(command[-1])
        return 0, self._answers.get(command[-1], shown(command[-1], state="not-found")), ""


@pytest.fixture(autouse=True)
def runs(monkeypatch):
    monkeypatch.setattr(systemd, "is_running", lambda: True)


def test_template_selects_all_instances_and_has_one_drop_in():
    one, two = "/system.slice/system-job.slice/job@1.service", "/system.slice/system-job.slice/job@a-b.service"
    module = Module(
        {
            "job@memfacts.service": shown("job@memfacts.service", adj=7, fragment="/etc/systemd/system/job@.service"),
            "job@*.service": shown("job@1.service", one, 70) + "\n" + shown("job@a-b.service", two, 71),
        }
    )
    found = target.resolve(module, params("job@.service"), [])
    assert (found.unit.name, found.unit.oom_score_adjust, found.unit.main_pid) == ("job@.service", 7, None)
    assert found.drop_in == "/etc/systemd/system/job@.service.d/" + NAME
    assert (found.selector.folders, found.selector.main_pids) == ((one, two), (70, 71))
    assert found.managers[0].show("job@.service").oom_score_adjust == 7  # as it is read back afterwards


def test_a_template_under_another_name_is_the_one_it_is_an_alias_of():
    module = Module({"alias@memfacts.service": shown("job@memfacts.service"), "job@*.service": ""})
    found = target.resolve(module, params("alias@"), [])
    assert found.drop_in == "/etc/systemd/system/job@.service.d/" + NAME
    assert module.asked == ["alias@memfacts.service", "job@*.service"]


def test_a_backslash_in_a_template_s_name_is_none_of_a_pattern():
    module = Module({"a\\x2db@memfacts.service": shown("a\\x2db@memfacts.service")})
    target.resolve(module, params("a\\x2db@.service"), [])
    assert module.asked[-1] == "a\\\\x2db@*.service"


def test_a_template_that_is_not_there_is_missing():
    with pytest.raises(target.Missing, match="unit no@.service does not exist"):
        target.resolve(Module({}), params("no@.service"), [])


@pytest.mark.parametrize(
    "folder", ["/etc/systemd/system.control", "/run/systemd/system.control", "/run/systemd/transient"]
)
def test_a_drop_in_of_our_name_in_a_stronger_folder_is_known(folder):
    theirs = f"{folder}/x.service.d/{NAME}"
    found = target.resolve(Module({"x.service": shown("x.service", drop_ins=theirs)}), params("x"), [])
    assert found.service.hidden_by == theirs


def test_drop_in_of_an_instance_that_hides_the_templates_is_known():
    theirs = f"/etc/systemd/system/job@1.service.d/{NAME}"
    answers = {
        "job@memfacts.service": shown("job@memfacts.service"),
        "job@*.service": shown("job@1.service", drop_ins=theirs),
    }
    assert target.resolve(Module(answers), params("job@.service"), []).service.hidden_by == theirs


@pytest.mark.parametrize("says, found", [("OOMScoreAdjust=5", True), ("OOMScoreAdjust=300", False), ("Nice=5", False)])
def test_an_instance_with_a_later_value_of_its_own_is_known(tmp_path, says, found):
    theirs = tmp_path / "zz.conf"
    theirs.write_text(f"[Service]\n{says}\n")
    answers = {
        "job@memfacts.service": shown("job@memfacts.service"),
        "job@*.service": shown("job@1.service", drop_ins=theirs),
    }
    service = target.resolve(Module(answers), params("job@.service"), []).service
    assert service.overridden_by == (str(theirs) if found else None)
    if found:
        with pytest.raises(
            OptionError, match="zz.conf sets OOMScoreAdjust for one instance of job@.service after the drop-in"
        ):
            persistence.decide("auto", service, 300)
    assert target.resolve(Module(answers), params("job@.service", state="absent"), []).service.overridden_by is None


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.setattr(drop_in_text, "SYSTEM_FOLDER", str(tmp_path))
    (tmp_path / "x.service").write_text("[Service]\nOOMScoreAdjust=-900\n")
    (tmp_path / "x.service.d").mkdir()
    (tmp_path / "x.service.d" / "10-admin.conf").write_text("[Service]\nOOMScoreAdjust=-500\n")
    (tmp_path / "x.service.d" / NAME).write_text("[Service]\nOOMScoreAdjust=300\n")
    return tmp_path


@pytest.mark.parametrize(
    "drop_ins, adj, declared",
    [
        pytest.param([], -900, (-900, "x.service"), id="the-unit-itself"),
        pytest.param(["10-admin.conf"], -500, (-500, "x.service.d/10-admin.conf"), id="an-administrator"),
        pytest.param(["10-admin.conf", NAME], 300, (-500, "x.service.d/10-admin.conf"), id="below-ours"),
        pytest.param([], 0, None, id="written-since-and-not-read"),
    ],
)
def test_what_a_unit_declares_without_us_is_known(files, drop_ins, adj, declared):
    paths = " ".join(str(files / "x.service.d" / name) for name in drop_ins)
    answer = shown("x.service", adj=adj, drop_ins=paths, fragment=files / "x.service")
    found = target.resolve(Module({"x.service": answer}), params("x.service"), []).service.declared
    assert (found and tuple(found)) == (declared and (declared[0], str(files / declared[1])))


@pytest.mark.parametrize(
    "unit, program, line, starts_sessions",
    [
        ("ssh.service", "/usr/sbin/sshd", "sshd", True),
        ("cron.service", "/usr/sbin/cron", None, False),
        ("ssh@1.service", "/usr/sbin/sshd", None, True),  # it serves one connection, and protects nothing
    ],
)
def test_what_a_unit_is_shows_in_its_program(unit, program, line, starts_sessions):
    found = target.resolve(Module({unit: shown(unit, program=program)}), params(unit), []).service
    assert ((found.line.name if found.line else None), found.starts_sessions) == (line, starts_sessions)


def home(uid):
    return f"/user.slice/user-{uid}.slice/user@{uid}.service"


def manager_of(uid, adj=100):
    return process(uid, 1, "/usr/lib/systemd/systemd", uid=uid, cgroup=home(uid) + "/init.scope", adj=adj)


@pytest.fixture
def users(monkeypatch, tmp_path):
    """Give what each user's manager shall answer: {uid: text, or an error to raise}."""
    answers = {}

    class UserManager(systemd.UserManager):
        def _call(self, command):
            answer = answers[self.user.pw_uid]
            if isinstance(answer, Exception):
                raise answer
            return 0, answer, ""

    def passwd(uid):
        return pwd.struct_passwd((USERS[uid], "x", uid, uid, "", str(tmp_path / USERS[uid]), "/bin/sh"))

    monkeypatch.setattr(target.pwd, "getpwuid", passwd)
    monkeypatch.setattr(target.pwd, "getpwnam", lambda name: passwd({name: uid for uid, name in USERS.items()}[name]))
    monkeypatch.setattr(target.systemd, "UserManager", UserManager)
    monkeypatch.setattr(as_user, "call", lambda user, function, *arguments: function(*arguments))
    return answers


def test_one_user_s_failure_is_a_row_and_the_others_are_served(users):
    unit = home(1001) + "/app.slice/lamp.service"
    users[1000] = MemfactsError("it gave no answer within 10 seconds")
    users[1001] = shown("lamp.service", unit, 900)
    users[1002] = shown("lamp.service", state="not-found")
    lamp = process(900, 1001, "/usr/bin/lamp", uid=1001, cgroup=unit)
    processes = [*LOGGED_IN, manager_of(1000), manager_of(1001, 200), manager_of(1002), lamp]
    found = target.resolve(Module({}), params("lamp.service", "user"), processes)
    assert found.users == [
        {"user": "alice", "error": "systemctl --user show failed: it gave no answer within 10 seconds."}
    ]
    assert [manager.user.pw_name for manager in found.managers] == ["bob"]
    assert (found.selector.folders, found.selector.uids, found.selector.main_pids) == ((unit,), (1001,), (900,))
    assert found.drop_in == "/etc/systemd/user/lamp.service.d/" + NAME
    assert (found.service.manager_adj, found.told_by, found.file_owner) == (200, None, None)
    assert [one.pid for one in processes if selection.matches(found.selector, one)] == [900]


def test_where_nobody_could_be_asked_that_is_said(users):
    users[1000] = MemfactsError("it gave no answer within 10 seconds")
    with pytest.raises(target.Missing, match="User alice gave no answer: systemctl --user show failed: it gave no"):
        target.resolve(Module({}), params("no-such-lamp.service", "user"), [manager_of(1000)])


@pytest.mark.parametrize("user", [None, "eve"])
def test_a_fake_manager_leads_root_nowhere(users, user):
    users[1002] = shown(
        "../system/ssh.service", "/system.slice", 500, -1000, "/etc/shadow", "/etc/shadow", "/usr/sbin/sshd"
    )
    users[1000] = shown("lamp.service", state="not-found")
    processes = [*LOGGED_IN, manager_of(1002)]
    found = target.resolve(Module({}), params("lamp.service", "user", user), processes)
    assert (found.selector.folders, found.selector.main_pids, found.service.line) == ((), (), None)
    assert [one for one in processes if selection.matches(found.selector, one)] == []
    assert found.drop_in.endswith("/systemd/user/lamp.service.d/" + NAME)
    # What the answer names is read with no more rights than that user has, or not at all.
    if user is None:
        assert (found.unit.fragment, found.unit.drop_ins, found.told_by) == (None, (), None)
    else:
        assert found.told_by.pw_name == found.file_owner.pw_name == "eve"


def test_user_without_a_manager_process_is_not_asked(users):
    users[1002] = AssertionError("asked")
    with pytest.raises(target.Missing):
        target.resolve(Module({}), params("no-such-lamp.service", "user"), LOGGED_IN[:1])


def test_instances_of_users_templates_are_each_user_s_own(users):
    unit = home(1001) + "/app.slice/app-job.slice/job@1.service"
    users[1001] = shown("job@1.service", unit, 900)
    lamp = process(900, 1001, "/usr/bin/lamp", uid=1001, cgroup=unit)
    found = target.resolve(Module({}), params("job@.service", "user"), [manager_of(1001), lamp])
    assert (found.unit.name, found.selector.folders, found.selector.uids) == ("job@.service", (unit,), (1001,))
    assert found.drop_in == "/etc/systemd/user/job@.service.d/" + NAME


def test_lowest_value_of_all_managers_counts(users):
    for uid in (1000, 1001):
        users[uid] = shown("lamp.service", home(uid) + "/lamp.service")
    found = target.resolve(Module({}), params("lamp", "user"), [manager_of(1000, 1000), manager_of(1001, 100)])
    assert found.service.manager_adj == 100


@pytest.mark.parametrize("name", ["a b", "../x", "@.service", ""])
def test_what_is_no_name_of_a_unit_is_refused(name):
    with pytest.raises(OptionError):
        target.resolve(Module({}), params(name), [])


def test_the_answer_about_several_units_is_read_whole():
    units = unit_properties.parse_all(shown("a@1.service") + "\n" + shown("a@2.service") + "\n\n")
    assert [unit.name for unit in units] == ["a@1.service", "a@2.service"] and unit_properties.parse_all("") == []
