package fs_test

import (
	"strings"
	"syscall"
	"testing"

	"onsen/kernel/fs"
)

// inTree is root with a tmpfs of its own on a directory of the tree of mounts.
func inTree(t *testing.T) *fs.Context {
	t.Helper()
	ctx := root()
	ctx.FS.SetRoot(fs.RootMount())
	ctx.FS.SetPwd(fs.RootMount())
	name := "/" + strings.ReplaceAll(t.Name(), "/", "_")
	if err := fs.Mkdir(ctx, fs.AtFdcwd, name, 0o755); err != nil {
		t.Fatal(err)
	}
	mount(t, ctx, "tmpfs", name, "tmpfs", 0, "size=1m")
	if err := fs.Chdir(ctx, name); err != nil {
		t.Fatal(err)
	}
	if err := fs.Chroot(ctx, "."); err != nil {
		t.Fatal(err)
	}
	return ctx
}

func mount(t *testing.T, ctx *fs.Context, source, target, fsType string, flags uint64, data string) {
	t.Helper()
	if err := fs.DoMount(ctx, source, target, fsType, flags, data); err != nil {
		t.Fatalf("mount %s on %s: %v", source, target, err)
	}
}

func TestMount(t *testing.T) { inTask(func() { testMount(t) }) }

func testMount(t *testing.T) {
	ctx := inTree(t)
	tree(t, ctx, "m/", "m/below", "b/", "f")
	write(t, ctx, "m/below", "x")
	mount(t, ctx, "one", "m", "tmpfs", fs.MsNosuid, "")
	tree(t, ctx, "m/d/", "m/d/e")
	exists := func(path string, want bool) {
		t.Helper()
		if _, err := fs.Lookup(ctx, fs.AtFdcwd, path, 0); (err == nil) != want {
			t.Errorf("%s: %v", path, err)
		}
	}
	exists("m/below", false)
	exists("m/../f", true)
	exists("m/d/../../f", true)
	if err := fs.Rmdir(ctx, fs.AtFdcwd, "m"); err != syscall.EBUSY {
		t.Errorf("rmdir of a mount point: %v", err)
	}
	if err := fs.Rename(ctx, fs.AtFdcwd, "m", fs.AtFdcwd, "n", 0); err != syscall.EBUSY {
		t.Errorf("rename of a mount point: %v", err)
	}
	if err := fs.Rename(ctx, fs.AtFdcwd, "f", fs.AtFdcwd, "m/f", 0); err != syscall.EXDEV {
		t.Errorf("rename to another mount: %v", err)
	}
	if err := makeFile(ctx, "m/l = f"); err != syscall.EXDEV {
		t.Errorf("link to another mount: %v", err)
	}

	mount(t, ctx, "m", "b", "", fs.MsBind, "")
	exists("b/d/e", true)
	mount(t, ctx, "", "b", "", fs.MsRemount|fs.MsBind|fs.MsRdonly, "")
	for _, err := range []error{makeFile(ctx, "b/new"), fs.Unlink(ctx, fs.AtFdcwd, "b/d/e"), setattr(ctx, "b/d", &fs.Attr{Valid: fs.AttrMode})} {
		if err != syscall.EROFS {
			t.Errorf("on a read-only mount: %v", err)
		}
	}
	if _, err := fs.OpenFile(ctx, "b/d/e", syscall.O_RDWR, 0); err != syscall.EROFS {
		t.Errorf("open for writing on a read-only mount: %v", err)
	}
	tree(t, ctx, "m/new")

	f, err := fs.OpenFile(ctx, "m/new", syscall.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := fs.DoMount(ctx, "", "m", "", fs.MsRemount|fs.MsRdonly, ""); err != syscall.EBUSY {
		t.Errorf("read-only with a file open for writing: %v", err)
	}
	if err := fs.Umount(ctx, "m", 0); err != syscall.EBUSY {
		t.Errorf("umount with an open file: %v", err)
	}
	if err := fs.Umount(ctx, "m", fs.MntDetach); err != nil {
		t.Errorf("umount, detach: %v", err)
	}
	exists("m/below", true)
	if n, err := f.WriteAt([]byte("x"), 0); n != 1 || err != nil {
		t.Errorf("write to a detached file system: %d, %v", n, err)
	}
	f.Put()
	if err := fs.Umount(ctx, "b/", 0); err != nil {
		t.Errorf("umount: %v", err)
	}
	if err := fs.Umount(ctx, "b", 0); err != syscall.EINVAL {
		t.Errorf("umount of no mount: %v", err)
	}
	exists("b/d", false)
}

func TestMountErrors(t *testing.T) { inTask(func() { testMountErrors(t) }) }

func testMountErrors(t *testing.T) {
	ctx := inTree(t)
	tree(t, ctx, "d/", "e/", "f")
	mount(t, ctx, "x", "d", "tmpfs", 0, "")
	tree(t, ctx, "d/in/")
	for _, c := range []struct {
		who                    *fs.Context
		source, target, fsType string
		flags                  uint64
		data                   string
		err                    error
	}{
		{ctx, "x", "nope", "tmpfs", 0, "", syscall.ENOENT},
		{ctx, "x", "f", "tmpfs", 0, "", syscall.ENOTDIR},
		{ctx, "x", "d", "nofs", 0, "", syscall.ENODEV},
		{ctx, "x", "d", "", 0, "", syscall.EINVAL},
		{ctx, "x", "d", "tmpfs", 0, "bogus=1", syscall.EINVAL},
		{ctx, "x", "d", "tmpfs", 0, "size=1x", syscall.EINVAL},
		{ctx, "x", "d/in", "ramfs", 0, "bogus=1", nil},
		{user(ctx, 1, 1), "x", "d", "tmpfs", 0, "", syscall.EPERM},
		{ctx, "", "d", "", fs.MsBind, "", syscall.EINVAL},
		{ctx, "nope", "d", "", fs.MsBind, "", syscall.ENOENT},
		{ctx, "f", "d", "", fs.MsBind, "", syscall.ENOTDIR},
		{ctx, "d", "f", "", fs.MsBind, "", syscall.ENOTDIR},
		{ctx, "f", "f", "", fs.MsBind, "", nil},
		{ctx, "", "e", "", fs.MsRemount, "", syscall.EINVAL},
		{ctx, "e", "f", "", fs.MsMove, "", syscall.EINVAL},
		{ctx, "d", "d/in", "", fs.MsMove, "", syscall.ELOOP},
		{ctx, "", "d", "", fs.MsShared, "", syscall.EINVAL},
		{ctx, "", "d", "", fs.MsPrivate | fs.MsSlave, "", syscall.EINVAL},
		{ctx, "", "d", "", fs.MsPrivate | fs.MsRec, "", nil},
		{ctx, "", "d", "", fs.MsUnbindable, "", nil},
		{ctx, "d", "e", "", fs.MsBind, "", syscall.EINVAL}, // unbindable
	} {
		if err := fs.DoMount(c.who, c.source, c.target, c.fsType, c.flags, c.data); err != c.err {
			t.Errorf("mount %q on %q, type %q, flags %#x, %q: %v, want %v", c.source, c.target, c.fsType, c.flags, c.data, err, c.err)
		}
	}
	for _, flags := range []int{16, fs.MntExpire | fs.MntForce} {
		if err := fs.Umount(ctx, "d", flags); err != syscall.EINVAL {
			t.Errorf("umount, flags %d: %v", flags, err)
		}
	}
}

func TestTmpfsLimit(t *testing.T) { inTask(func() { testTmpfsLimit(t) }) }

func testTmpfsLimit(t *testing.T) {
	ctx := inTree(t)
	tree(t, ctx, "m/")
	mount(t, ctx, "small", "m", "tmpfs", 0, "size=8k,nr_inodes=3,mode=700")
	p, err := fs.Lookup(ctx, fs.AtFdcwd, "m", 0)
	if err != nil {
		t.Fatal(err)
	}
	if p.Inode().Mode() != syscall.S_IFDIR|0o700 {
		t.Errorf("mode %o", p.Inode().Mode())
	}
	f, err := fs.OpenFile(ctx, "m/f", syscall.O_CREAT|syscall.O_RDWR, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := f.WriteAt(make([]byte, 10000), 0); n != 8192 || err != syscall.ENOSPC {
		t.Errorf("%d bytes, %v", n, err)
	}
	tree(t, ctx, "m/g")
	if err := makeFile(ctx, "m/h"); err != syscall.ENOSPC {
		t.Errorf("too many files: %v", err)
	}
	var s fs.Statfs
	if err := fs.FillStatfs(p, &s); err != nil || s.Blocks != 2 || s.Bfree != 0 || s.Files != 3 || s.Ffree != 0 {
		t.Errorf("%+v, %v", s, err)
	}
	f.Put()
	if err := fs.Unlink(ctx, fs.AtFdcwd, "m/f"); err != nil {
		t.Fatal(err)
	}
	if err := fs.FillStatfs(p, &s); err != nil || s.Bfree != 2 || s.Ffree != 1 {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestPivotRoot(t *testing.T) { inTask(func() { testPivotRoot(t) }) }

func testPivotRoot(t *testing.T) {
	ctx := inTree(t)
	tree(t, ctx, "new/", "marker")
	mount(t, ctx, "n", "new", "tmpfs", 0, "")
	tree(t, ctx, "new/old/", "new/file")
	if err := fs.Chdir(ctx, "/new"); err != nil {
		t.Fatal(err)
	}
	replace := func(old, new fs.Path) { ctx.FS.Replace(old, new) }
	for _, c := range []struct {
		new, old string
		err      error
	}{
		{"/", "/new/old", syscall.EBUSY},
		{"/new", "/", syscall.EBUSY},
		{"/new/old", "/new/old", syscall.EINVAL},
		{"/new/file", "/new/old", syscall.ENOTDIR},
	} {
		if err := fs.PivotRoot(ctx, c.new, c.old, replace); err != c.err {
			t.Errorf("pivot_root %s %s: %v, want %v", c.new, c.old, err, c.err)
		}
	}
	if err := fs.PivotRoot(ctx, ".", "old", replace); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"/file", "/old/marker"} {
		if _, err := fs.Lookup(ctx, fs.AtFdcwd, name, 0); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := fs.Umount(ctx, "/old", fs.MntDetach); err != nil {
		t.Error(err)
	}
	if _, err := fs.Lookup(ctx, fs.AtFdcwd, "/old/marker", 0); err != syscall.ENOENT {
		t.Error(err)
	}
}

func TestGetcwd(t *testing.T) { inTask(func() { testGetcwd(t) }) }

func testGetcwd(t *testing.T) {
	ctx := inTree(t)
	tree(t, ctx, "a/", "a/b/", "a/b/c/")
	for _, c := range []struct{ dir, want string }{{"/", "/"}, {"a/b", "/a/b"}, {"c", "/a/b/c"}, {"..", "/a/b"}} {
		if err := fs.Chdir(ctx, c.dir); err != nil {
			t.Fatal(err)
		}
		if got, err := fs.Getcwd(ctx.FS); got != c.want || err != nil {
			t.Errorf("in %s: %q, %v", c.dir, got, err)
		}
	}
	if err := fs.Rename(ctx, fs.AtFdcwd, "/a", fs.AtFdcwd, "/z", 0); err != nil {
		t.Fatal(err)
	}
	if got, _ := fs.Getcwd(ctx.FS); got != "/z/b" {
		t.Errorf("after a rename: %q", got)
	}
	inside := *ctx
	inside.FS = ctx.FS.Copy()
	if err := fs.Chroot(&inside, "c"); err != nil {
		t.Fatal(err)
	}
	if got, _ := fs.Getcwd(inside.FS); !strings.HasPrefix(got, "(unreachable)") {
		t.Errorf("above the root: %q", got)
	}
	if err := fs.Rmdir(ctx, fs.AtFdcwd, "c"); err != nil {
		t.Fatal(err)
	}
	if err := fs.Rmdir(ctx, fs.AtFdcwd, "/z/b"); err != nil {
		t.Fatal(err)
	}
	if _, err := fs.Getcwd(ctx.FS); err != syscall.ENOENT {
		t.Errorf("in a directory that is gone: %v", err)
	}
	if err := makeFile(ctx, "new"); err != syscall.ENOENT {
		t.Errorf("a new file in a directory that is gone: %v", err)
	}
	if _, err := fs.Lookup(ctx, fs.AtFdcwd, "..", 0); err != nil {
		t.Errorf(".. of a directory that is gone: %v", err)
	}
}
