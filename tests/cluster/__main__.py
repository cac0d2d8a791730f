# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`python3 -m tests.cluster fetch`: fill the cache ahead, so that no test downloads or builds inside its time-out.

Exit status 0 when all is in the cache, 1 when something cannot be had; a line says what and why.
"""

import argparse
import os
import sys

from tests.cluster import assets, image, node
from tests.cluster.cri import stock
from tests.lab import fetch


def parts(names):
    """What the tests need, or those of `names`."""
    every = [
        *(fetch.Part(name, lambda name=name: assets.path(name)) for name in ("etcd", "kube-apiserver", "kubelet")),
        fetch.Part("image", image.path),
        fetch.Part("node", lambda: node.fetch(node.KERNEL)),
        fetch.Part("cri-messages", stock.messages),
        *(fetch.Part(f"cri-{name}", lambda name=name: stock.kernel(name)) for name in stock.KERNELS),
        fetch.Part("cri-root", stock.root),
    ]
    return [part for part in every if not names or part.name in names]


def main(argv=None):
    parser = argparse.ArgumentParser(description="Fill the cache for the tests of the cluster.")
    parser.add_argument("action", choices=("fetch",))
    parser.add_argument("part", nargs="*", help=f"some of {', '.join(part.name for part in parts(()))}; default: all")
    asked = parser.parse_args(argv)
    if os.geteuid():
        print("skipped: cluster: it needs root for network namespaces, disk images and chroots")
        return 1
    complete = True
    for had, line in fetch.fetch(parts(asked.part)):
        print(line, flush=True)
        complete = complete and had
    return 0 if complete else 1


if __name__ == "__main__":
    sys.exit(main())
