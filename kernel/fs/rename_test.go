package fs_test

import (
	"syscall"
	"testing"

	"onsen/kernel/fs"
)

func TestRename(t *testing.T) { inTask(func() { testRename(t) }) }

func testRename(t *testing.T) {
	const noreplace, exchange = fs.RenameNoreplace, fs.RenameExchange
	for _, c := range []struct {
		old, new string
		flags    uint32
		err      error
		// names that are there and not there afterwards
		there, gone string
	}{
		{"f", "n", 0, nil, "n", "f"},
		{"f", "g", 0, nil, "g", "f"},
		{"f", "d/n", 0, nil, "d/n", "f"},
		{"f", "f", 0, nil, "f", ""},
		{"f", "hard", 0, nil, "f", ""}, // the same file: nothing happens
		{"nope", "n", 0, syscall.ENOENT, "", "n"},
		{"f", "nope/n", 0, syscall.ENOENT, "f", ""},
		{"f", "d", 0, syscall.EISDIR, "f", ""},
		{"f", "n/", 0, syscall.ENOTDIR, "f", ""},
		{"f/", "n", 0, syscall.ENOTDIR, "f", ""},
		{"d", "f", 0, syscall.ENOTDIR, "d", ""},
		{"d", "n/", 0, nil, "n/sub", "d"},
		{"d/", "n", 0, nil, "n/sub", "d"},
		{"d", "empty", 0, nil, "empty/sub", "d"},
		{"empty", "d", 0, syscall.ENOTEMPTY, "empty", ""},
		{"d", "d/sub/n", 0, syscall.EINVAL, "d/sub", ""},
		{"d", "d/n", 0, syscall.EINVAL, "d", ""},
		{"d/sub/x", "d/sub", 0, syscall.ENOTEMPTY, "d/sub/x", ""},
		{"d/sub/x", "d", 0, syscall.ENOTEMPTY, "d/sub/x", ""},
		{"d/sub", "n", 0, nil, "n/x", "d/sub"},
		{".", "n", 0, syscall.EBUSY, "f", "n"},
		{"d/..", "n", 0, syscall.EBUSY, "f", "n"},
		{"f", ".", 0, syscall.EBUSY, "f", ""},
		{"f", "/", 0, syscall.EBUSY, "f", ""},
		{"f", ".", noreplace, syscall.EEXIST, "f", ""},
		{"f", "g", noreplace, syscall.EEXIST, "f", ""},
		{"f", "n", noreplace, nil, "n", "f"},
		{"f", "g", exchange, nil, "f", ""},
		{"f", "d", exchange, nil, "f/sub", "d/sub"},
		{"d/sub", "f", exchange, nil, "f/x", "d/sub/x"},
		{"f", "n", exchange, syscall.ENOENT, "f", "n"},
		{"f", "g/", exchange, syscall.ENOTDIR, "f", ""},
		{"d", "d/sub", exchange, syscall.EINVAL, "d/sub", ""},
		{"d/sub", "d", exchange, syscall.EINVAL, "d/sub", ""},
		{"f", "g", exchange | noreplace, syscall.EINVAL, "f", ""},
		{"f", "g", 8, syscall.EINVAL, "f", ""},
		{"link", "n", 0, nil, "n", "link"}, // the link, not what it leads to
	} {
		ctx := root()
		tree(t, ctx, "f", "g", "hard = f", "d/", "d/sub/", "d/sub/x", "empty/", "link -> f")
		if err := fs.Rename(ctx, fs.AtFdcwd, c.old, fs.AtFdcwd, c.new, c.flags); err != c.err {
			t.Errorf("rename %s to %s, flags %d: %v, want %v", c.old, c.new, c.flags, err, c.err)
			continue
		}
		if c.there != "" {
			if _, err := fs.Lookup(ctx, fs.AtFdcwd, c.there, 0); err != nil {
				t.Errorf("rename %s to %s: %s: %v", c.old, c.new, c.there, err)
			}
		}
		if c.gone != "" {
			if _, err := fs.Lookup(ctx, fs.AtFdcwd, c.gone, 0); err == nil {
				t.Errorf("rename %s to %s: %s is there", c.old, c.new, c.gone)
			}
		}
		checkLinks(t, ctx)
	}
}

// checkLinks checks that every directory counts its subdirectories.
func checkLinks(t *testing.T, ctx *fs.Context) {
	t.Helper()
	var check func(d *fs.Dentry) uint32
	check = func(d *fs.Dentry) uint32 {
		if !d.Inode.IsDir() {
			return 0
		}
		want := uint32(2)
		for _, c := range names(t, ctx, d) {
			want += check(d.Child(c))
		}
		if got := d.Inode.Nlink(); got != want {
			t.Errorf("%s: %d links, want %d", d.Name(), got, want)
		}
		return 1
	}
	check(ctx.FS.Root().Dentry)
}

// names lists a directory.
func names(t *testing.T, ctx *fs.Context, d *fs.Dentry) (list []string) {
	t.Helper()
	at := ctx.FS.Root()
	at.Dentry = d
	c := fs.DirContext{Actor: func(name string, _ uint64, _ uint8, _, _ int64) bool {
		if name != "." && name != ".." {
			list = append(list, name)
		}
		return true
	}}
	f := &fs.File{Inode: d.Inode, Path: at}
	if err := fs.ListChildren(f, &c); err != nil {
		t.Fatal(err)
	}
	return list
}
