# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which units hand the value they are started with on to what people run."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.setters.adj import sessions


@pytest.mark.parametrize(
    "unit, programs, starts",
    [
        pytest.param("ssh.service", ["/usr/sbin/sshd"], True, id="sshd"),
        pytest.param("my-ssh.service", ["/usr/sbin/sshd"], True, id="sshd-by-another-name"),
        pytest.param("ssh@.service", ["/usr/sbin/sshd"], True, id="sshd-for-one-connection"),
        pytest.param("user@.service", ["/lib/systemd/systemd"], True, id="users-managers"),
        pytest.param("getty@tty1.service", ["/sbin/agetty"], True, id="a-console"),
        pytest.param("gdm.service", ["/usr/sbin/gdm3"], True, id="a-screen"),
        pytest.param("init.scope", [], True, id="process-1"),
        pytest.param("app.service", ["/sbin/runuser"], False, id="a-service-as-another-user"),
        pytest.param("game.service", ["/usr/bin/screen"], False, id="a-service-in-a-terminal"),
        pytest.param("shop.service", ["/opt/shop/login"], False, id="a-program-of-that-name"),
        pytest.param("cron.service", [], False, id="nothing-known"),
    ],
)
def test_a_unit_that_starts_sessions_is_known_by_its_programs(unit, programs, starts):
    assert sessions.unit_starts_them(unit, programs) is starts
