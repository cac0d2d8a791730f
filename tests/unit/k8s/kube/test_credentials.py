# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which cluster is asked, as whom: in a container, by a kubeconfig, or none."""

import base64
import builtins
import json

import pytest

from memcore.errors import OptionError
from oomwatch.kube import credentials, kubeconfig
from oomwatch.kube.client import Client
from oomwatch.kube.credentials import chosen

IN_CLUSTER = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"}


@pytest.fixture
def account(tmp_path, authority):
    folder = tmp_path / "serviceaccount"
    folder.mkdir()
    (folder / "token").write_text("secret\n")
    (folder / "ca.crt").write_text(authority.pem)
    return folder


def encoded(text):
    return base64.b64encode(text.encode()).decode()


def config(cluster, user, **more):
    return dict(
        {
            "current-context": "c",
            "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
            "clusters": [{"name": "k", "cluster": cluster}],
            "users": [{"name": "u", "user": user}],
        },
        **more,
    )


@pytest.mark.parametrize(
    "setting, environ, has_account",
    [("off", IN_CLUSTER, True), ("auto", {}, True), ("auto", IN_CLUSTER, False), ("auto", {"NODE": "x"}, False)],
)
def test_no_cluster(setting, environ, has_account, account, tmp_path):
    assert chosen(setting, environ, str(account if has_account else tmp_path)) is None


@pytest.mark.parametrize("setting", ["auto", "in-cluster"])
@pytest.mark.parametrize(
    "host, server",
    [("10.0.0.1", "https://10.0.0.1:443"), ("fd00::1", "https://[fd00::1]:443"), ("k8s", "https://k8s:443")],
)
def test_in_cluster(setting, host, server, account):
    found = chosen(setting, dict(IN_CLUSTER, KUBERNETES_SERVICE_HOST=host, https_proxy="http://p:1"), str(account))
    assert (found.access.server, found.token(), found.access.proxy) == (server, "secret", None)


@pytest.mark.parametrize(
    "environ, spoil, words",
    [
        ({}, None, "needs KUBERNETES_SERVICE_HOST"),
        (IN_CLUSTER, "token", "Cannot read the token"),
        (IN_CLUSTER, "ca.crt", "Cannot use the certificates"),
    ],
)
def test_in_cluster_that_is_not_whole(environ, spoil, words, account):
    if spoil:
        (account / spoil).unlink()
    with pytest.raises(OptionError, match=words):
        chosen("in-cluster", environ, str(account))


def test_token_is_read_again_when_its_file_changes(account):
    found = chosen("in-cluster", IN_CLUSTER, str(account))
    (account / "new").write_text("renewed")
    (account / "new").replace(account / "token")
    assert found.token() == "renewed"
    (account / "token").unlink()
    assert found.token() == "renewed" and "Cannot read the token" in found.trouble
    (account / "token").write_text("")
    assert found.token() == "renewed" and "holds no token" in found.trouble


def test_kubeconfig_with_data(server, authority, tmp_path, tallies):
    path = tmp_path / "config"
    user = {"token": "t", "client-certificate-data": encoded(authority.leaf_pem)}
    user["client-key-data"] = encoded(authority.key_pem)
    path.write_text(
        json.dumps(config({"server": server.url, "certificate-authority-data": encoded(authority.pem)}, user))
    )
    found = chosen(str(path), {})
    assert Client(found, tallies).request("list", "/api/v1/pods").status == 200
    assert server.asked[0][2]["Authorization"] == "Bearer t"
    assert [file.name for file in tmp_path.iterdir() if "oomwatch" in file.name] == []


def test_kubeconfig_with_files_beside_it(server, authority, tmp_path, tallies):
    for name, text in (("ca", authority.pem), ("cert", authority.leaf_pem), ("key", authority.key_pem), ("token", "f")):
        (tmp_path / name).write_text(text)
    user = {"tokenFile": "token", "client-certificate": "cert", "client-key": "key"}
    path = tmp_path / "config"
    path.write_text("---\n" + json.dumps(config({"server": server.url + "/", "certificate-authority": "ca"}, user)))
    found = chosen(str(path), {})  # JSON after a line of YAML is YAML
    assert found.access.ca_file == str(tmp_path / "ca") and found.token() == "f"
    assert Client(found, tallies).request("list", "/api/v1/pods").status == 200


@pytest.mark.parametrize(
    "record, words",
    [
        ([], "no kubeconfig"),
        (config({"server": "https://x"}, {"exec": {"command": "aws"}}), "exec plugin, which oomwatch does not support"),
        (config({"server": "https://x"}, {"auth-provider": {"name": "gcp"}}), "auth-provider"),
        (config({"server": "http://x"}, {}), "must be an address that begins with https"),
        (config({}, {}), "server is None"),
        (config({"server": "https://x"}, {}, **{"current-context": None}), "names no current-context"),
        (config({"server": "https://x"}, {}, **{"current-context": "d"}), "has no context 'd'"),
        (config({"server": "https://x"}, {}, clusters=None), "has no cluster 'k'"),
        (config({"server": "https://x", "certificate-authority-data": "?"}, {}), "is not base64"),
        (
            config({"server": "https://x", "certificate-authority-data": encoded("x")}, {}),
            "Cannot use the certificates",
        ),
        (config({"server": "https://x", "certificate-authority": "none"}, {}), "Cannot use the certificates"),
        (config({"server": "https://x"}, {"client-certificate": "a"}), "without its key"),
        (config({"server": "https://x"}, {"client-certificate": "a", "client-key-data": encoded("k")}), "Cannot read"),
        (config({"server": "https://x"}, {"tokenFile": "none"}), "Cannot read the token"),
    ],
)
def test_kubeconfig_that_is_wrong_is_one_sentence(record, words, tmp_path):
    path = tmp_path / "config"
    path.write_text(json.dumps(record))
    with pytest.raises(OptionError, match=words) as caught:
        chosen(str(path), {})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["{", "a: [", "\x00", "{{{{", "- a"])
def test_kubeconfig_that_is_damaged(text, tmp_path):
    (tmp_path / "config").write_text(text)
    with pytest.raises(OptionError):
        chosen(str(tmp_path / "config"), {})


def test_kubeconfig_that_is_not_there():
    with pytest.raises(OptionError, match="Cannot read the kubeconfig /nowhere/config: No such file"):
        chosen("/nowhere/config", {})


def test_yaml_without_pyyaml_says_what_to_do(tmp_path, monkeypatch):
    (tmp_path / "config").write_text("clusters: []")
    real = builtins.__import__

    def no_yaml(name, *rest):
        if name == "yaml":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", no_yaml)
    with pytest.raises(OptionError, match="kubectl config view --raw"):
        chosen(str(tmp_path / "config"), {})


@pytest.mark.parametrize(
    "environ, proxy",
    [
        ({}, None),
        ({"https_proxy": "http://p:1"}, "http://p:1"),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "other"}, "http://p:1"),
        ({"HTTPS_PROXY": "http://p:1", "no_proxy": ".example"}, None),
    ],
)
def test_proxy_of_the_environment(environ, proxy, tmp_path):
    path = tmp_path / "config"
    path.write_text(json.dumps(config({"server": "https://api.example:6443"}, {})))
    assert kubeconfig.access(str(path), environ).proxy == proxy


def test_kubelet_is_asked_by_its_address(account, tmp_path):
    found = chosen("in-cluster", IN_CLUSTER, str(account))
    by_ip = credentials.kubelet(found, "n1", str(tmp_path), {"NODE_IP": "fd00::5"})
    assert [(one.access.server, one.access.server_name) for one in by_ip] == [("https://[fd00::5]:10250", None)]
    assert all(one.access.verify for one in by_ip)
    local = credentials.kubelet(found, "n1", str(tmp_path), {})
    assert [(one.access.server, one.access.server_name) for one in local] == [("https://127.0.0.1:10250", "n1")]
