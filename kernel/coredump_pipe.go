package kernel

import (
	"sync/atomic"

	"onsen/kernel/fs"
	"onsen/kernel/fs/pipe"
	"onsen/kernel/printk"
)

// Core dumps to a program; core(5), "Piping core dumps to a program".

var (
	// corePipeLimit is /proc/sys/kernel/core_pipe_limit: how many programs may
	// get a core at the same time, and whether the processes that dump wait for
	// their ends. 0 stands for any number, and not waiting.
	corePipeLimit atomic.Int64
	// corePipes is how many there are.
	corePipes atomic.Int64
)

// noCoreLimit is the RLIMIT_CORE of a program that gets a core: it has none itself.
const noCoreLimit = 1

// writeToProgram writes the core to the standard input of the program that a
// pattern names. RLIMIT_CORE does not matter, unless it is noCoreLimit.
func (c *coredump) writeToProgram(pattern string) bool {
	t := c.task
	if pattern == "" {
		return c.abort("format_corename failed")
	}
	if c.limit == noCoreLimit {
		return c.abort("Process %d(%s) has RLIMIT_CORE set to 1", t.Tgid, t.Name())
	}
	count := corePipes.Add(1)
	defer corePipes.Add(-1)
	limit := uint32(corePipeLimit.Load())
	if limit != 0 && int64(limit) < count {
		printk.Warn("Pid %d(%s) over core_pipe_limit", t.Tgid, t.Name())
		printk.Warn("Skipping core dump")
		return false
	}
	argv := coreCommand(pattern, c.facts())
	f, err := c.startProgram(argv)
	if f != nil {
		defer f.Put()
	}
	switch {
	case err != nil:
		printk.Info("Core dump to |%s pipe failed", argv[0])
		return false
	case f == nil:
		printk.Info("Core dump to |%s disabled", argv[0])
		return false
	}
	dumped := c.writeTo(&coreWriter{task: t, file: f, stream: true, limit: RLIM_INFINITY})
	if limit != 0 {
		f.Ops.(*pipe.End).AwaitReaders()
	}
	return dumped
}

// abort says why there is no core.
func (c *coredump) abort(format string, args ...any) bool {
	printk.Warn(format, args...)
	printk.Warn("Aborting core")
	return false
}

// startProgram starts a program with a pipe as its standard input, and returns the
// end to write to: nil if it did not come to that.
func (c *coredump) startProgram(argv []string) (w *fs.File, err error) {
	err = CallUsermodehelper(&SubprocessInfo{
		Path: argv[0], Argv: argv,
		Init: func(t *Task) error {
			var r *fs.File
			r, w = t.newPipe(0)
			defer r.Put()
			t.signal.rlimLock.Lock()
			t.signal.setRlimit(RLIMIT_CORE, Rlimit{noCoreLimit, noCoreLimit})
			t.signal.rlimLock.Unlock()
			return t.files.Dup2(r, 0, t.nofile(), false)
		},
	})
	return w, err
}
