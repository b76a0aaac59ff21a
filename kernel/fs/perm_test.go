package fs_test

import (
	"syscall"
	"testing"

	"onsen/kernel/fs"
)

func TestPermission(t *testing.T) { inTask(func() { testPermission(t) }) }

func testPermission(t *testing.T) {
	ctx := root()
	const r, w, x = fs.MayRead, fs.MayWrite, fs.MayExec
	owner, group, member, other := user(ctx, 10, 99), user(ctx, 11, 20), user(ctx, 12, 99, 5, 20, 30), user(ctx, 13, 99)
	for _, c := range []struct {
		who  *fs.Context
		mode uint32
		mask uint32
		err  error
	}{
		{owner, 0o700, r | w | x, nil}, {owner, 0o077, r, syscall.EACCES}, {owner, 0o400, r, nil}, {owner, 0o400, w, syscall.EACCES},
		{group, 0o070, r | w | x, nil}, {group, 0o707, r, syscall.EACCES}, {member, 0o070, r | w | x, nil}, {member, 0o707, x, syscall.EACCES},
		{other, 0o007, r | w | x, nil}, {other, 0o770, r, syscall.EACCES}, {other, 0o005, r | x, nil}, {other, 0o005, w, syscall.EACCES},
		{ctx, 0o000, r | w, nil}, {ctx, 0o000, x, syscall.EACCES}, {ctx, 0o001, x, nil}, {ctx, 0o100, r | w | x, nil},
		{other, 0o000, 0, nil},
	} {
		i := ctx.FS.Root().Inode().SB.NewInode(c.mode|syscall.S_IFREG, fs.NoInodeOps{})
		i.SetOwner(10, 20)
		if err := fs.Permission(c.who.Cred, i, c.mask); err != c.err {
			t.Errorf("mode %o, mask %d, uid %d: %v, want %v", c.mode, c.mask, c.who.Cred.UID, err, c.err)
		}
	}
}

func TestSticky(t *testing.T) { inTask(func() { testSticky(t) }) }

func testSticky(t *testing.T) {
	ctx := root()
	a, b := user(ctx, 10, 10), user(ctx, 11, 11)
	tree(t, ctx, "tmp/")
	chmod(t, ctx, "tmp", 0o1777)
	tree(t, a, "tmp/f", "tmp/d/")
	tree(t, b, "tmp/g")
	for _, c := range []struct {
		what string
		err  error
	}{
		{"unlink", fs.Unlink(b, fs.AtFdcwd, "tmp/f")},
		{"rmdir", fs.Rmdir(b, fs.AtFdcwd, "tmp/d")},
		{"rename", fs.Rename(b, fs.AtFdcwd, "tmp/f", fs.AtFdcwd, "tmp/n", 0)},
		{"rename over", fs.Rename(b, fs.AtFdcwd, "tmp/g", fs.AtFdcwd, "tmp/f", 0)},
	} {
		if c.err != syscall.EPERM {
			t.Errorf("%s of somebody else's: %v", c.what, c.err)
		}
	}
	if err := fs.Unlink(a, fs.AtFdcwd, "tmp/f"); err != nil {
		t.Error(err)
	}
	if err := fs.Rmdir(ctx, fs.AtFdcwd, "tmp/d"); err != nil {
		t.Error(err)
	}
}

func TestNewFileOwner(t *testing.T) { inTask(func() { testNewFileOwner(t) }) }

func testNewFileOwner(t *testing.T) {
	ctx := root()
	a := user(ctx, 10, 11)
	tree(t, ctx, "d/")
	if err := setattr(ctx, "d", &fs.Attr{Valid: fs.AttrGID | fs.AttrMode, GID: 50, Mode: 0o2777}); err != nil {
		t.Fatal(err)
	}
	ctx.FS.SetUmask(0o027)
	if err := fs.Mkdir(a, fs.AtFdcwd, "d/sub", 0o777); err != nil {
		t.Fatal(err)
	}
	f, err := fs.OpenFile(a, "d/f", syscall.O_CREAT|syscall.O_RDWR, 0o2777)
	if err != nil {
		t.Fatal(err)
	}
	f.Put()
	for _, c := range []struct {
		path     string
		mode     uint32
		uid, gid uint32
	}{
		{"d/sub", syscall.S_IFDIR | 0o2750, 10, 50},
		{"d/f", syscall.S_IFREG | 0o750, 10, 50}, // not a member of 50: no set-group-ID
	} {
		p, err := fs.Lookup(ctx, fs.AtFdcwd, c.path, 0)
		if err != nil {
			t.Fatal(err)
		}
		if i := p.Inode(); i.Mode() != c.mode || i.UID() != c.uid || i.GID() != c.gid {
			t.Errorf("%s: mode %o, %d:%d, want %o, %d:%d", c.path, i.Mode(), i.UID(), i.GID(), c.mode, c.uid, c.gid)
		}
	}
}

func TestSetAttr(t *testing.T) { inTask(func() { testSetAttr(t) }) }

func testSetAttr(t *testing.T) {
	const chown = fs.AttrOwner
	for _, c := range []struct {
		who  func(*fs.Context) *fs.Context
		attr fs.Attr
		err  error
		mode uint32 // afterwards
	}{
		{owner, fs.Attr{Valid: fs.AttrMode, Mode: 0o600}, nil, 0o600},
		{other, fs.Attr{Valid: fs.AttrMode, Mode: 0o600}, syscall.EPERM, 0o6755},
		{owner, fs.Attr{Valid: fs.AttrMode, Mode: 0o2755}, nil, 0o755}, // the file's group is not the owner's
		{self, fs.Attr{Valid: fs.AttrMode, Mode: 0o2755}, nil, 0o2755},
		{owner, fs.Attr{Valid: chown | fs.AttrUID, UID: 11}, syscall.EPERM, 0o6755},
		{owner, fs.Attr{Valid: chown | fs.AttrUID, UID: 10}, nil, 0o755},
		{owner, fs.Attr{Valid: chown | fs.AttrGID, GID: 12}, nil, 0o755},
		{owner, fs.Attr{Valid: chown | fs.AttrGID, GID: 13}, syscall.EPERM, 0o6755},
		{owner, fs.Attr{Valid: chown}, nil, 0o755},
		{self, fs.Attr{Valid: chown | fs.AttrUID | fs.AttrGID, UID: 1, GID: 2}, nil, 0o755},
		{other, fs.Attr{Valid: fs.AttrAtime | fs.AttrMtime | fs.AttrTouch}, syscall.EACCES, 0o6755},
		{other, fs.Attr{Valid: fs.AttrAtime | fs.AttrAtimeSet | fs.AttrTimesSet}, syscall.EPERM, 0o6755},
		{owner, fs.Attr{Valid: fs.AttrAtime | fs.AttrAtimeSet | fs.AttrTimesSet}, nil, 0o6755},
	} {
		ctx := root()
		tree(t, ctx, "f")
		if err := setattr(ctx, "f", &fs.Attr{Valid: chown | fs.AttrUID | fs.AttrGID, UID: 10, GID: 20}); err != nil {
			t.Fatal(err)
		}
		chmod(t, ctx, "f", 0o6755)
		if err := setattr(c.who(ctx), "f", &c.attr); err != c.err {
			t.Errorf("%+v: %v, want %v", c.attr, err, c.err)
		}
		p, _ := fs.Lookup(ctx, fs.AtFdcwd, "f", 0)
		if got := p.Inode().Mode() & 0o7777; got != c.mode {
			t.Errorf("%+v: mode %o, want %o", c.attr, got, c.mode)
		}
	}
}

func self(ctx *fs.Context) *fs.Context  { return ctx }
func owner(ctx *fs.Context) *fs.Context { return user(ctx, 10, 11, 12) }
func other(ctx *fs.Context) *fs.Context { return user(ctx, 30, 31) }
