# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user's manager says is text of that user: it leads root to nobody else's processes and files."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.setters import unit_properties
from ansible_collections.memfacts.linux.plugins.module_utils.setters.adj import selection, user_unit
from tests.support.people import INIT, LISTENER, LOGGED_IN, MANAGER, process

HOME = "/user.slice/user-1000.slice/user@1000.service"
MINE = process(800, 550, "/usr/bin/miner", uid=1000, cgroup=HOME + "/app.slice/miner.service")
NOT_MINE = process(801, 1, "/usr/bin/other", uid=1001, cgroup=HOME + "/app.slice/miner.service")
ALL = [*LOGGED_IN, MINE, NOT_MINE]


def answer(name="miner.service", folder=MINE.cgroup, main=800, fragment="/usr/lib/systemd/user/miner.service", more=""):
    return unit_properties.parse(
        f"Id={name}\nLoadState=loaded\nActiveState=active\nControlGroup={folder}\nMainPID={main}\nOOMScoreAdjust=0\n"
        f"DropInPaths={more}\nFragmentPath={fragment}\nExecStart={{ path=/usr/sbin/sshd ; argv[]=x ; }}\n"
    )


def believed(told):
    return user_unit.believed(told, "miner.service", 1000, ALL)


def test_an_honest_answer_is_believed():
    found = believed(answer())
    assert (found.control_group, found.main_pid) == (MINE.cgroup, 800)


@pytest.mark.parametrize(
    "folder",
    [
        pytest.param("/system.slice", id="of-the-system"),
        pytest.param("/", id="everything"),
        pytest.param("", id="none"),
        pytest.param(HOME, id="the-whole-manager"),
        pytest.param("/user.slice/user-1001.slice/user@1001.service/app.slice/x.service", id="of-another-user"),
        pytest.param(HOME + "/../../../system.slice", id="dots"),
        pytest.param(HOME + "/../user@1001.service/x.service", id="dots-to-another-user"),
        pytest.param("/user.slice//user@1000.service/x", id="an-empty-part"),
        pytest.param("user@1000.service/app.slice", id="relative"),
    ],
)
def test_cgroup_outside_the_users_manager_is_not_believed(folder):
    found = believed(answer(folder=folder))
    assert (found.control_group, found.main_pid) == (None, None)


@pytest.mark.parametrize("main", [1, 500, 601, 801, 99999, "x", 10**12])
def test_main_process_of_another_user_is_not_believed(main):
    assert believed(answer(main=main)).main_pid is None


def test_of_the_cgroup_only_the_users_own_processes_are_meant():
    selector = selection.Selector("unit", "miner.service", folders=(MINE.cgroup,), uids=(1000,))
    assert [one for one in ALL if selection.matches(selector, one)] == [MINE]


def test_each_cgroup_is_of_its_own_user():
    theirs = process(802, 1, "/usr/bin/miner", uid=1001, cgroup="/x/user@1001.service/miner.service")
    selector = selection.Selector("unit", "x", folders=(MINE.cgroup, theirs.cgroup), uids=(1000, 1001))
    assert [one for one in [*ALL, theirs] if selection.matches(selector, one)] == [MINE, theirs]


def test_unit_name_is_the_requested_one():
    assert believed(answer(name="../system/ssh.service")).name == "miner.service"


def test_files_are_absolute_and_few_and_programs_prove_nothing():
    found = believed(answer(fragment="x", more=" ".join(f"/d/{number}.conf" for number in range(1000)) + " etc/x"))
    assert found.fragment is None and len(found.drop_ins) == 32 and found.programs == ()


def test_for_all_users_only_files_of_root_count():
    own = answer(
        fragment="/home/alice/x.service", more="/etc/systemd/user/x.d/a.conf /etc/systemd/user/../../home/b.conf"
    )
    found = user_unit.only_of_root(own, ("/etc/systemd/user",))
    assert (found.fragment, found.drop_ins) == (None, ("/etc/systemd/user/x.d/a.conf",))


def test_managers_are_known_by_their_processes_and_their_value_is_the_kernels():
    pam = MANAGER._replace(pid=551, ppid=550)
    raised = process(552, 550, "/usr/bin/sleep", uid=1000, cgroup=MANAGER.cgroup, adj=1000)
    stranger = process(553, 550, "/usr/bin/sleep", uid=1001, cgroup=MANAGER.cgroup, adj=-1000)
    assert user_unit.managers([INIT, LISTENER, MANAGER, pam, raised, stranger]) == {1000: 100}
    assert user_unit.managers([INIT, LISTENER, MINE]) == {}


def test_instances_are_those_of_the_template():
    told = [answer("job@1.service"), answer("job@2.service", folder="/system.slice"), answer("ssh.service")]
    found = user_unit.instances(told, "job@.service", 1000, ALL)
    assert [(unit.name, unit.control_group) for unit in found] == [
        ("job@1.service", MINE.cgroup),
        ("job@2.service", None),
    ]
