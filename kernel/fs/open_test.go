package fs_test

import (
	"syscall"
	"testing"

	"onsen/kernel/fs"
)

func TestOpen(t *testing.T) { inTask(func() { testOpen(t) }) }

func testOpen(t *testing.T) {
	const (
		rd, wr, rdwr = syscall.O_RDONLY, syscall.O_WRONLY, syscall.O_RDWR
		creat, excl  = syscall.O_CREAT, syscall.O_EXCL
		trunc, dir   = syscall.O_TRUNC, syscall.O_DIRECTORY
		nofollow     = syscall.O_NOFOLLOW
	)
	for _, c := range []struct {
		path  string
		flags uint32
		err   error
		// size of the file afterwards, if it is a regular one, or -1
		size int64
	}{
		{"f", rd, nil, 3}, {"f", rdwr, nil, 3}, {"f", rdwr | trunc, nil, 0}, {"f", rd | trunc, nil, 0},
		{"f", rd | creat, nil, 3}, {"f", wr | creat | trunc, nil, 0}, {"f", rd | creat | excl, syscall.EEXIST, 3},
		{"f", dir, syscall.ENOTDIR, -1}, {"f/", rd, syscall.ENOTDIR, -1}, {"f/", rd | creat, syscall.EISDIR, -1},
		{"n", rd, syscall.ENOENT, -1}, {"n", rd | creat, nil, 0}, {"n", rd | creat | excl, nil, 0},
		{"n/", rd | creat, syscall.EISDIR, -1}, {"x/n", rd | creat, syscall.ENOENT, -1}, {"f/n", rd | creat, syscall.ENOTDIR, -1},
		{"d", rd, nil, -1}, {"d", wr, syscall.EISDIR, -1}, {"d", rd | trunc, syscall.EISDIR, -1},
		{"d", rd | creat, syscall.EISDIR, -1}, {"d", rd | creat | excl, syscall.EEXIST, -1}, {"d/", rd | dir, nil, -1},
		{".", rd | creat, syscall.EISDIR, -1}, {"..", rd | creat | excl, syscall.EEXIST, -1}, {"/", rd, nil, -1}, {"/", wr, syscall.EISDIR, -1},
		{"", rd, syscall.ENOENT, -1}, {"", rd | creat, syscall.ENOENT, -1},
		{"l", rd, nil, -1}, {"l", rd | nofollow, syscall.ELOOP, -1}, {"l", nofollow | dir, syscall.ENOTDIR, -1},
		{"l", nofollow | fs.OPath, nil, -1}, {"l", fs.OPath | dir, syscall.ENOTDIR, -1},
		{"l", rd | creat | excl, syscall.EEXIST, -1}, {"dangling", rd, syscall.ENOENT, -1},
		{"dangling", wr | creat, nil, -1}, {"dangling", rd | creat | excl, syscall.EEXIST, -1},
		{"self", rd | creat, syscall.ELOOP, -1}, {"slash", rd | creat, syscall.EISDIR, -1},
		{"fifo", fs.OPath, nil, -1}, {"null", rd, syscall.ENXIO, -1}, {"sock", rd, syscall.ENXIO, -1},
		{"d", fs.OTmpfile | wr, nil, 0}, {"d", fs.OTmpfile | rd, syscall.EINVAL, -1}, {"f", fs.OTmpfile | wr, syscall.ENOTDIR, -1},
		{"f", rd | syscall.O_DIRECT, syscall.EINVAL, -1},
	} {
		ctx := root()
		tree(t, ctx, "f", "d/", "l -> f", "dangling -> made", "self -> self", "slash -> new/")
		write(t, ctx, "f", "123")
		for name, typ := range map[string]uint32{"fifo": syscall.S_IFIFO, "null": syscall.S_IFCHR, "sock": syscall.S_IFSOCK} {
			if err := fs.Mknod(ctx, fs.AtFdcwd, name, typ|0o666, fs.MkDev(200, 3)); err != nil {
				t.Fatal(err)
			}
		}
		f, err := fs.OpenFile(ctx, c.path, c.flags, 0o644)
		if err != c.err {
			t.Errorf("open %q, flags %#x: %v, want %v", c.path, c.flags, err, c.err)
		}
		if err != nil {
			continue
		}
		if c.size >= 0 && f.Inode.Size() != c.size {
			t.Errorf("open %q, flags %#x: size %d, want %d", c.path, c.flags, f.Inode.Size(), c.size)
		}
		f.Put()
	}
}

// write puts text into a file.
func write(t testing.TB, ctx *fs.Context, path, text string) {
	t.Helper()
	f, err := fs.OpenFile(ctx, path, syscall.O_WRONLY|syscall.O_CREAT|syscall.O_TRUNC, 0o644)
	if err == nil {
		_, err = f.WriteAt([]byte(text), 0)
		f.Put()
	}
	if err != nil {
		t.Fatal(path, err)
	}
}

func TestOpenat2Checks(t *testing.T) { inTask(func() { testOpenat2Checks(t) }) }

func testOpenat2Checks(t *testing.T) {
	ctx := root()
	tree(t, ctx, "f")
	for _, c := range []struct {
		how fs.OpenHow
		err error
	}{
		{fs.OpenHow{}, nil},
		{fs.OpenHow{Flags: 1 << 32}, syscall.EINVAL},
		{fs.OpenHow{Flags: 0x8000_0000}, syscall.EINVAL},
		{fs.OpenHow{Mode: 0o644}, syscall.EINVAL},
		{fs.OpenHow{Flags: syscall.O_CREAT, Mode: 0o10000}, syscall.EINVAL},
		{fs.OpenHow{Flags: syscall.O_CREAT, Mode: 0o644}, nil},
		{fs.OpenHow{Resolve: 0x40}, syscall.EINVAL},
		{fs.OpenHow{Resolve: 0x18}, syscall.EINVAL},
		{fs.OpenHow{Resolve: 0x20, Flags: syscall.O_CREAT}, syscall.EAGAIN},
		{fs.OpenHow{Flags: fs.OPath | syscall.O_RDWR}, syscall.EINVAL},
		{fs.OpenHow{Flags: fs.OPath}, nil},
	} {
		f, err := fs.Open(ctx, fs.AtFdcwd, "f", &c.how)
		if err != c.err {
			t.Errorf("%+v: %v, want %v", c.how, err, c.err)
		}
		if err == nil {
			f.Put()
		}
	}
}

func TestTextBusy(t *testing.T) { inTask(func() { testTextBusy(t) }) }

func testTextBusy(t *testing.T) {
	ctx := root()
	write(t, ctx, "f", "#!x")
	if _, err := fs.OpenExec(ctx, fs.AtFdcwd, "f", fs.LookupFollow); err != syscall.EACCES {
		t.Errorf("not executable: %v", err)
	}
	chmod(t, ctx, "f", 0o755)
	exe, err := fs.OpenExec(ctx, fs.AtFdcwd, "f", fs.LookupFollow)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fs.OpenFile(ctx, "f", syscall.O_WRONLY, 0); err != syscall.ETXTBSY {
		t.Errorf("written while executed: %v", err)
	}
	if _, err := fs.OpenFile(ctx, "f", syscall.O_TRUNC, 0); err != syscall.ETXTBSY {
		t.Errorf("truncated while executed: %v", err)
	}
	exe.Inode.AllowWrite()
	exe.Put()
	w, err := fs.OpenFile(ctx, "f", syscall.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fs.OpenExec(ctx, fs.AtFdcwd, "f", fs.LookupFollow); err != syscall.ETXTBSY {
		t.Errorf("executed while written: %v", err)
	}
	w.Put()
}

func chmod(t testing.TB, ctx *fs.Context, path string, mode uint32) {
	t.Helper()
	if err := setattr(ctx, path, &fs.Attr{Valid: fs.AttrMode, Mode: mode}); err != nil {
		t.Fatal(path, err)
	}
}

func setattr(ctx *fs.Context, path string, a *fs.Attr) error {
	p, err := fs.Lookup(ctx, fs.AtFdcwd, path, 0)
	if err != nil {
		return err
	}
	return fs.SetAttr(ctx.Cred, p, a)
}

func TestDeletedFile(t *testing.T) { inTask(func() { testDeletedFile(t) }) }

func testDeletedFile(t *testing.T) {
	ctx := root()
	write(t, ctx, "f", "text")
	f, err := fs.OpenFile(ctx, "f", syscall.O_RDWR|syscall.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := fs.Unlink(ctx, fs.AtFdcwd, "f"); err != nil {
		t.Fatal(err)
	}
	if n, err := f.WriteAt([]byte("more"), 0); n != 4 || err != nil {
		t.Error(n, err)
	}
	var b [20]byte
	if n, err := f.ReadAt(b[:], 0); string(b[:n]) != "textmore" || err != nil {
		t.Errorf("%q, %v", b[:n], err)
	}
	if got := pathOf(ctx, f.Path); got != "/f (deleted)" {
		t.Error(got)
	}
	m := f.Inode.Mapping
	f.Put()
	if m.Pages() != 0 {
		t.Errorf("%d pages left", m.Pages())
	}
}
