"""Commands for gdb on an Onsen kernel.

    onsen-cpus        what each CPU runs
    onsen-tasks       the tasks with PID, parent, state and CPU
    onsen-bt PID      the stack of one task, running or not
    onsen-dmesg       the kernel log

"make qemu-gdb" and "make gdb" load this file. The names of the kernel's types
and variables stand in class Kernel and nowhere else.
"""

import os
import subprocess

import gdb

# Prefix of the names of the kernel's packages.
MODULE = "onsen/kernel"


class Kernel:
    """What the commands know of the kernel's data."""

    # include/linux/sched.h; the letters are those of ps(1).
    STATES = [
        (0x01, "S"), (0x02, "D"), (0x04, "T"), (0x08, "t"),
        (0x40, "P"), (0x80, "X"), (0x200, "W"), (0x800, "N"),
    ]

    @staticmethod
    def variable(package, name):
        """The value of a package's variable; package is "" for kernel itself."""
        path = MODULE + "/" + package if package else MODULE
        return gdb.parse_and_eval("'%s.%s'" % (path, name))

    @classmethod
    def runqueues(cls):
        """The Rq of every CPU that runs tasks, by CPU number."""
        queues = cls.variable("sched", "runqueues")
        active = word(cls.variable("sched", "active"))
        return {cpu: queues[cpu] for cpu in range(64) if active >> cpu & 1}


def word(value):
    """The integer in a sync/atomic value, or in an integer."""
    if value.type.strip_typedefs().code == gdb.TYPE_CODE_STRUCT:
        value = value["v"]
    return int(value)


def string(value):
    """A Go string."""
    n = int(value["len"])
    return value["str"].string("utf-8", "replace", length=n) if n else ""
