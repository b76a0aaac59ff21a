package fs_test

import (
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"onsen/kernel/cred"
	"onsen/kernel/fs"
	"onsen/kernel/fs/ramfs"
	"onsen/kernel/mm"
	"onsen/kernel/sched"
)

const testCPUs = 2

// TestMain starts CPUs: file systems sleep on locks, which only tasks can.
func TestMain(m *testing.M) {
	for cpu := range testCPUs {
		go func() {
			t := new(sched.Task)
			sched.InitIdle(t, "idle", cpu)
			sched.StartIdle(t)
			sched.Idle()
		}()
	}
	for sched.Active().Count() < testCPUs {
		time.Sleep(time.Millisecond)
	}
	if err := mm.InitHost(64 << 20); err != nil {
		panic(err)
	}
	if err := ramfs.Register(); err != nil {
		panic(err)
	}
	inTask(func() { fs.MountRoot(newRamfs(), "rootfs") })
	os.Exit(m.Run())
}

func newRamfs() *fs.SuperBlock { return ramfs.New(fs.FindFilesystem("ramfs"), 0) }

// start runs fn in a task and calls done when it has ended.
func start(fn, done func()) {
	t := new(sched.Task)
	sched.InitTask(t, "test", nil, func() {
		sched.ScheduleTail()
		defer sched.Exit() // also after t.Fatal
		defer done()
		fn()
	})
	sched.WakeUpNewTask(t)
}

// inTask runs fn in a task and waits for it. It is not for tasks.
func inTask(fn func()) {
	done := make(chan struct{})
	start(fn, func() { close(done) })
	<-done
}

// inTasks runs all fns in tasks and waits for them. It is for tasks, which
// must not block a CPU.
func inTasks(fns ...func()) {
	var left atomic.Int32
	left.Store(int32(len(fns)))
	for _, fn := range fns {
		start(fn, func() { left.Add(-1) })
	}
	for left.Load() > 0 {
		sched.Sleep(int64(time.Millisecond))
	}
}

// root is a user who may do everything, with a file system of its own mounted
// nowhere else.
func root() *fs.Context {
	all := cred.CapSet(1<<41 - 1)
	sb := newRamfs()
	top := fs.NewMount(sb, sb.Root, "test", 0).RootPath()
	f := fs.NewFsStruct(top)
	f.SetUmask(0)
	return &fs.Context{Cred: &cred.Cred{Permitted: all, Effective: all}, FS: f, Files: fs.NewFiles()}
}

// user is another user at the same place.
func user(ctx *fs.Context, uid, gid uint32, groups ...uint32) *fs.Context {
	c := &cred.Cred{UID: uid, EUID: uid, SUID: uid, FSUID: uid, GID: gid, EGID: gid, SGID: gid, FSGID: gid, Groups: groups}
	return &fs.Context{Cred: c, FS: ctx.FS, Files: ctx.Files}
}

// tree makes files: "d/" is a directory, "l -> t" a symbolic link, "a = b" a
// hard link, anything else an empty regular file.
func tree(t testing.TB, ctx *fs.Context, names ...string) {
	t.Helper()
	for _, n := range names {
		if err := makeFile(ctx, n); err != nil {
			t.Fatalf("%s: %v", n, err)
		}
	}
}

func makeFile(ctx *fs.Context, n string) error {
	if name, target, ok := cut(n, " -> "); ok {
		return fs.Symlink(ctx, target, fs.AtFdcwd, name)
	}
	if name, old, ok := cut(n, " = "); ok {
		p, err := fs.Lookup(ctx, fs.AtFdcwd, old, 0)
		if err != nil {
			return err
		}
		return fs.Link(ctx, p, fs.AtFdcwd, name)
	}
	if n[len(n)-1] == '/' {
		return fs.Mkdir(ctx, fs.AtFdcwd, n, 0o755)
	}
	return fs.Mknod(ctx, fs.AtFdcwd, n, syscall.S_IFREG|0o644, 0)
}

func cut(s, sep string) (before, after string, found bool) {
	for i := 0; i+len(sep) <= len(s); i++ {
		if s[i:i+len(sep)] == sep {
			return s[:i], s[i+len(sep):], true
		}
	}
	return s, "", false
}

// pathOf is the name of a place as seen from ctx's root.
func pathOf(ctx *fs.Context, p fs.Path) string { return fs.DPath(ctx.FS.Root(), p) }
