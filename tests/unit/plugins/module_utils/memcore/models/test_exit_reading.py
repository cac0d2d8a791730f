# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ended containers, by status, OOM events and counters. The pods and events are composed."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models import exit_reading as reading
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models import pod_memory, tying
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models.pod_evidence import (
    Cgroup,
    Death,
    PodNow,
    PodOom,
)
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.render import exit_words

END = 1796137200.0  # 2026-12-01T15:00:00Z


def pod(reason="Error", code=137, when="lastState", **status):
    row = {"name": "app", "containerID": "containerd://a", when: {"terminated": {"reason": reason, "exitCode": code}}}
    row[when]["terminated"]["finishedAt"] = "2026-12-01T15:00:00Z"
    return pod_memory.of_pod(
        {
            "metadata": {"name": "web-0", "namespace": "shop", "uid": "u"},
            "spec": {"containers": [{"name": "app"}]},
            "status": dict(status, containerStatuses=[row]),
        }
    )


def oom(role=tying.CONTAINER, before=1.0, container="app", source="kernel", kind="pod"):
    death = Death(77, "hog", role, container, "container" if container else None, 900, 64 << 20)
    return PodOom("b:1:77", END - before, source, "memcg", kind, 128 << 20, True, False, (death,))


def only(of, ooms, **known):
    found = reading.of_pod(of, ooms, **known)
    assert len(found) == 1, found
    return found[0]


def counted(kills):
    return PodNow("u", cgroup=Cgroup("/p", is_local=False, events={"oom_kill": kills}))


def said(of, ooms, **known):
    return " ".join(text for one in reading.of_pod(of, ooms, **known) for text in exit_words.sentences(one))


def test_kill_of_the_container_that_the_status_calls_error_is_hidden():
    found = only(pod(), (oom(),))
    assert (found.what, found.shown, found.sure) == (reading.OOM_CONTAINER, reading.HIDDEN, True)
    assert "the memory limit of the pod (128.0 MiB)" in said(pod(), (oom(),))
    assert "the status says Error with exit code 137" in said(pod(), (oom(),))


def test_kill_of_the_container_that_the_status_calls_oomkilled_is_shown():
    assert only(pod("OOMKilled"), (oom(),)).shown == reading.SHOWN


def test_137_without_any_counted_kill_is_no_oom_for_sure():
    found = only(pod(), (), now=counted(0), booted=END - 9000)
    assert (found.what, found.sure, found.why) == (reading.NOT_OOM, True, reading.NO_KILL_COUNTED)
    assert "not by the OOM killer" in said(pod(), (), now=counted(0), booted=END - 9000)


@pytest.mark.parametrize(
    "known",
    [
        {"now": counted(1), "booted": END - 9000},
        {"now": counted(0), "booted": END + 1},  # that end was before the node booted
        {"now": counted(0)},
        {"now": PodNow("u", cgroup=Cgroup("/p", is_local=True, events={"oom_kill": 0})), "booted": END - 9000},
        {"watched_since": END - 30},
        {},
    ],
)
def test_137_of_which_nothing_is_known_is_left_open(known):
    found = only(pod(), (), **known)
    assert (found.what, found.sure) == (reading.UNKNOWN_KILL, False)


def test_137_without_an_event_in_a_watched_time_is_probably_no_oom():
    found = only(pod(), (), watched_since=END - 3600)
    assert (found.what, found.sure, found.why) == (reading.NOT_OOM, False, reading.NO_EVENT)
    assert "This is likely, but not certain." in said(pod(), (), watched_since=END - 3600)


def test_kill_in_an_unknown_container_at_that_time_leaves_it_open():
    found = reading.of_pod(pod(), (oom(container=None),), watched_since=END - 3600)
    assert [one.what for one in found if one.ended] == [reading.UNKNOWN_KILL]


def test_kill_of_a_child_is_hidden_while_the_container_runs():
    of = pod_memory.of_pod({"metadata": {"uid": "u"}, "spec": {"containers": [{"name": "app"}]}, "status": {}})
    found = only(of, (oom(tying.PROCESS),))
    assert (found.what, found.shown) == (reading.OOM_PROCESS, reading.HIDDEN)
    assert "Process hog (pid 77) in container app" in said(of, (oom(tying.PROCESS),))


def test_oomkilled_with_exit_code_0_tells_of_a_child_that_died_before():
    found = reading.of_pod(pod("OOMKilled", 0), (oom(tying.PROCESS, before=5000),))
    assert [(one.what, one.shown) for one in found] == [
        (reading.CHILD_EARLIER, reading.MISLEADING),
        (reading.OOM_PROCESS, reading.MISLEADING),
    ]


def test_containers_end_because_pause_was_killed():
    found = reading.of_pod(pod("StartError", 128), (oom(tying.SANDBOX, before=3, container=None),))
    assert [one.what for one in found] == [reading.AFTER_SANDBOX, reading.OOM_SANDBOX]
    assert found[1].shown == reading.HIDDEN


@pytest.mark.parametrize("source", ["systemd-oomd", "earlyoom"])
def test_kill_by_user_space_is_none_of_the_kernel(source):
    assert only(pod(), (oom(source=source),)).what == reading.USER_SPACE
    assert source in said(pod(), (oom(source=source),))


def test_137_that_the_kubelet_invents():
    assert only(pod("ContainerStatusUnknown"), ()).what == reading.KUBELET_MADE


def test_eviction_is_no_oom():
    assert (
        only(pod(reason="Error", when="state", phase="Failed")._replace(reason="Evicted"), ()).what == reading.EVICTED
    )


def test_oomkilled_without_an_event_is_told_as_the_runtime_says_it():
    found = only(pod("OOMKilled"), None)
    assert (found.what, found.shown, found.sure) == (reading.OOM_REPORTED, reading.SHOWN, False)


def test_ordinary_end_is_no_oom():
    found = only(pod("Completed", 0), ())
    assert (found.what, found.shown, found.sure) == (reading.NOT_OOM, None, True)


def test_kill_long_before_an_end_does_not_explain_it():
    found = reading.of_pod(pod(), (oom(before=600),), watched_since=END - 3600)
    assert [(one.what, one.shown) for one in found] == [
        (reading.NOT_OOM, None),
        (reading.OOM_CONTAINER, reading.HIDDEN),
    ]
