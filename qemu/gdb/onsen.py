"""Commands for gdb on an Onsen kernel.

    onsen-cpus        what each CPU runs
    onsen-tasks       the tasks with PID, parent, state and CPU
    onsen-bt PID      the stack of a task, whether it runs or not
    onsen-dmesg       the kernel log

"make qemu-gdb" and "make gdb" load this file. What it knows of the kernel's
types and variables stands in class Kernel and in class Log.
"""

import os
import struct
import subprocess

import gdb

WORD = 8  # bytes, on both architectures


def integer(value):
    """The number in a sync/atomic value or in a plain integer."""
    if value.type.strip_typedefs().code == gdb.TYPE_CODE_STRUCT:
        value = value["v"]
    return int(value)


def go_string(value):
    """The text of a Go string."""
    length = int(value["len"])
    return read(int(value["str"]), length).decode("utf-8", "replace")


def read(address, length):
    """Bytes of the machine's memory. Raises gdb.MemoryError."""
    if length == 0:
        return b""
    return gdb.selected_inferior().read_memory(address, length).tobytes()


def read_word(address):
    return struct.unpack("<Q", read(address, WORD))[0]


def table(rows):
    """Prints rows of strings; the first is the heading, the last column ragged."""
    widths = [max(len(r[i]) for r in rows) for i in range(len(rows[0]) - 1)]
    for row in rows:
        cells = [c.rjust(w) for c, w in zip(row, widths)] + [row[-1]]
        print("  ".join(cells))


class Task:
    """A kernel.Task."""

    # The letters of ps(1) for the bits of sched.State.
    STATES = [
        (0x080, "X"), (0x800, "N"), (0x200, "W"), (0x040, "P"),
        (0x008, "t"), (0x004, "T"), (0x002, "D"), (0x001, "S"),
    ]
    EXIT_STATES = {0x10: "X", 0x20: "Z"}

    def __init__(self, value):
        """value is a *kernel.Task."""
        self.value = value.dereference()
        self.sched = self.value["Task"]

    @property
    def pid(self):
        return int(self.value["Pid"])

    @property
    def parent_pid(self):
        parent = self.value["taskFamily"]["realParent"]
        return int(parent["Pid"]) if int(parent) else 0

    @property
    def name(self):
        pointer = int(self.sched["name"]["v"])
        if pointer == 0:
            return "?"
        text = read(read_word(pointer), read_word(pointer + WORD))
        return text.decode("utf-8", "replace")

    @property
    def cpu(self):
        queue = self.sched["runq"]["v"]
        if int(queue) == 0:
            return 0  # not yet placed
        return int(queue.cast(Kernel.runqueue_type().pointer())["cpu"])

    @property
    def state(self):
        dead = self.EXIT_STATES.get(int(self.value["taskFamily"]["exitState"]))
        if dead:
            return dead
        bits = integer(self.sched["state"])
        return next((letter for bit, letter in self.STATES if bits & bit), "R")

    @property
    def on_cpu(self):
        return integer(self.sched["onCPU"]) != 0

    def saved_registers(self):
        """pc and fp with which a task that does not run will go on."""
        g = self.sched["g"]
        if int(g) == 0:
            raise gdb.GdbError("task %d has no goroutine" % self.pid)
        saved = g["g"]["sched"]
        return int(saved["pc"]), int(saved["bp"])


class Kernel:
    """The kernel's global variables."""

    @staticmethod
    def variable(name):
        return gdb.parse_and_eval("'onsen/kernel%s'" % name)

    @classmethod
    def runqueues(cls):
        """Pairs of CPU number and sched.Rq, for the CPUs that run tasks."""
        queues = cls.variable("/sched.runqueues")
        active = integer(cls.variable("/sched.active"))
        return [(cpu, queues[cpu]) for cpu in range(64) if active >> cpu & 1]

    @classmethod
    def runqueue_type(cls):
        return cls.variable("/sched.runqueues").type.target()

    @classmethod
    def as_task(cls, pointer):
        """The Task of a *sched.Task, which is the first field of one."""
        kernel_task = cls.variable(".processes")["first"].type
        return Task(pointer.cast(kernel_task))

    @classmethod
    def tasks(cls):
        """All tasks but the idle ones, oldest first."""
        process = cls.variable(".processes")["first"]
        while int(process):
            thread = process["signal"]["firstThread"]
            while int(thread):
                yield Task(thread)
                thread = thread["taskFamily"]["threads"]["next"]
            process = process["taskFamily"]["all"]["next"]

    @classmethod
    def find(cls, pid):
        for task in cls.tasks():
            if task.pid == pid:
                return task
        raise gdb.GdbError("there is no task %d" % pid)


class Log:
    """The records of printk's ring."""

    HEADER = struct.Struct("<QqHBB4x")  # seq, ns since boot, length, level, facility
    ALIGNMENT = 8

    @classmethod
    def records(cls):
        """Pairs of time in ns and text, oldest first."""
        ring = Kernel.variable("/printk.kernelLog")["ring"]
        buf = read(int(ring["buf"]["array"]), int(ring["buf"]["len"]))
        at, end = int(ring["head"]), int(ring["tail"])
        while at < end:
            header = cls.wrapped(buf, at, cls.HEADER.size)
            _, time, length, _, _ = cls.HEADER.unpack(header)
            text = cls.wrapped(buf, at + cls.HEADER.size, length)
            yield time, text.decode("utf-8", "replace")
            size = cls.HEADER.size + length
            at += size + -size % cls.ALIGNMENT

    @staticmethod
    def wrapped(buf, at, length):
        at %= len(buf)
        piece = buf[at:at + length]
        return piece + buf[:length - len(piece)]


def functions_at(pc):
    """The names of the functions at pc: the innermost inlined one first, the one
    that was really called last."""
    names = []
    block = gdb.block_for_pc(pc)
    while block is not None and block.superblock is not None:
        if block.function is not None:
            names.append(block.function.print_name)
        block = block.superblock
    if not names:  # no debug information: the symbol table knows assembly
        symbol = gdb.execute("info symbol %#x" % pc, to_string=True)
        names.append(symbol.split(" in section ")[0].split(" + ")[0].strip())
    return names


def line_at(pc):
    """" at file:line", or nothing if that is not known."""
    where = gdb.find_pc_line(pc)
    return " at %s:%d" % (where.symtab.filename, where.line) if where.symtab else ""


def print_stack(pcs):
    """Prints return addresses as the calls in front of them."""
    for level, pc in enumerate(pcs):
        innermost, *others = functions_at(pc - 1)
        print("#%-2d %#x %s%s" % (level, pc, innermost, line_at(pc - 1)))
        for name in others:
            print("       inlined in %s" % name)


def parked_stack(pc, fp, limit=64):
    """Return addresses of a goroutine that does not run. Go keeps frame
    pointers: each points to the caller's, behind which is the return address."""
    yield pc
    for _ in range(limit):
        if fp == 0:
            return
        try:
            fp, pc = read_word(fp), read_word(fp + WORD)
        except gdb.MemoryError:
            return
        if pc == 0:
            return
        yield pc


class Command(gdb.Command):
    """A command whose help is its class's documentation."""

    name = None

    def __init__(self):
        super().__init__(self.name, gdb.COMMAND_STATUS)


class Cpus(Command):
    """What each CPU runs: onsen-cpus"""

    name = "onsen-cpus"

    def invoke(self, argument, from_tty):
        threads = {t.num: t for t in gdb.selected_inferior().threads()}
        selected = gdb.selected_thread()
        rows = [("CPU", "PID", "RUNNABLE", "SWITCHES", "TASK, AND WHERE IT IS")]
        for cpu, rq in Kernel.runqueues():
            task = Kernel.as_task(rq["curr"])
            where = "?"
            if cpu + 1 in threads:  # QEMU's threads are the CPUs, from 1
                threads[cpu + 1].switch()
                pc = gdb.newest_frame().pc()
                where = functions_at(pc)[0] + line_at(pc)
            rows.append((str(cpu), str(task.pid), str(integer(rq["running"])),
                         str(int(rq["switches"])), "%s, %s" % (task.name, where)))
        if selected:
            selected.switch()
        table(rows)


class Tasks(Command):
    """The tasks, the idle ones first: onsen-tasks
S is R(unning or runnable), S(leeping), D (not to be interrupted), T (stopped),
t(raced), P(arked), N(ew), W(aking), Z(ombie) or X (dead); * marks the task that
its CPU is running."""

    name = "onsen-tasks"

    def invoke(self, argument, from_tty):
        idle = [Kernel.as_task(rq["idle"]) for _, rq in Kernel.runqueues()]
        rows = [("PID", "PPID", "S", "CPU", "NAME")]
        for task in idle + list(Kernel.tasks()):
            state = task.state + ("*" if task.on_cpu else " ")
            rows.append((str(task.pid), str(task.parent_pid), state,
                         str(task.cpu), task.name))
        table(rows)


class Backtrace(Command):
    """The stack of a task, whether it runs or not: onsen-bt PID"""

    name = "onsen-bt"

    def invoke(self, argument, from_tty):
        words = gdb.string_to_argv(argument)
        if len(words) != 1 or not words[0].isdigit():
            raise gdb.GdbError("onsen-bt wants one PID (onsen-tasks lists them)")
        task = Kernel.find(int(words[0]))
        print("task %d, %s, state %s" % (task.pid, task.name, task.state))
        if task.on_cpu:
            print("on CPU %d:" % task.cpu)
            gdb.execute("thread apply %d -s -q backtrace" % (task.cpu + 1))
            return
        print_stack(parked_stack(*task.saved_registers()))


class Dmesg(Command):
    """The kernel log: onsen-dmesg"""

    name = "onsen-dmesg"

    def invoke(self, argument, from_tty):
        for time, text in Log.records():
            print("[%5d.%06d] %s" % (time // 10**9, time // 1000 % 10**6, text))


def find_sources():
    """The kernel is built with -trimpath: its files are named onsen/..., the
    standard library's by their package."""
    here = os.path.dirname(os.path.abspath(__file__))
    root = os.path.dirname(os.path.dirname(here))
    gdb.execute("set substitute-path onsen %s" % root)
    try:
        goroot = subprocess.run(["go", "env", "GOROOT"], cwd=root, check=True, timeout=10,
                                capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return
    gdb.execute("directory %s" % os.path.join(goroot, "src"))


find_sources()
gdb.execute("set backtrace past-main on")  # main.main has a caller
for command in (Cpus, Tasks, Backtrace, Dmesg):
    command()
