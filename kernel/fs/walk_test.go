package fs_test

import (
	"strings"
	"syscall"
	"testing"

	"onsen/kernel/fs"
)

func TestLookup(t *testing.T) { inTask(func() { testLookup(t) }) }

func testLookup(t *testing.T) {
	ctx := root()
	tree(t, ctx, "d/", "d/e/", "d/f", "d/e/g", "d/h = d/f",
		"l -> d", "abs -> /d/e", "self -> self", "a -> b", "b -> a", "dangling -> nowhere",
		"file -> d/f", "slash -> d/f/", "dots -> d/e/../e/./g", "deep -> l/e/../../l/e")
	chain := "d/f"
	for i := range 41 {
		name := "c" + string(rune('0'+i/10)) + string(rune('0'+i%10))
		tree(t, ctx, name+" -> "+chain)
		chain = name
	}
	const follow = fs.LookupFollow
	for _, c := range []struct {
		path  string
		flags fs.LookupFlags
		want  string
		err   error
	}{
		{"/", follow, "/", nil},
		{"///", 0, "/", nil},
		{".", follow, "/", nil},
		{"..", follow, "/", nil},
		{"../../..", follow, "/", nil},
		{"d", follow, "/d", nil},
		{"d/", 0, "/d", nil},
		{"//d//e//g", follow, "/d/e/g", nil},
		{"d/e/..", follow, "/d", nil},
		{"d/e/../../d/.", follow, "/d", nil},
		{"d/f", follow, "/d/f", nil},
		{"d/f/", follow, "", syscall.ENOTDIR},
		{"d/f/.", follow, "", syscall.ENOTDIR},
		{"d/f/..", follow, "", syscall.ENOTDIR},
		{"d/f", follow | fs.LookupDirectory, "", syscall.ENOTDIR},
		{"nope", follow, "", syscall.ENOENT},
		{"nope/x", follow, "", syscall.ENOENT},
		{"", follow, "", syscall.ENOENT},
		{"", follow | fs.LookupEmpty, "/", nil},
		{"l", 0, "/l", nil},
		{"l", follow, "/d", nil},
		{"l/", 0, "/d", nil},
		{"l/e/g", 0, "/d/e/g", nil},
		{"l", fs.LookupDirectory, "", syscall.ENOTDIR},
		{"abs/g", follow, "/d/e/g", nil},
		{"d/e/../../abs", follow, "/d/e", nil},
		{"self", follow, "", syscall.ELOOP},
		{"self", 0, "/self", nil},
		{"a/x", follow, "", syscall.ELOOP},
		{"dangling", follow, "", syscall.ENOENT},
		{"dangling", 0, "/dangling", nil},
		{"file", follow, "/d/f", nil},
		{"slash", follow, "", syscall.ENOTDIR},
		{"dots", follow, "/d/e/g", nil},
		{"deep/g", follow, "/d/e/g", nil},
		{"c39", follow, "/d/f", nil},
		{"c40", follow, "", syscall.ELOOP},
		{"c40", 0, "/c40", nil},
		{strings.Repeat("x", 255), follow, "", syscall.ENOENT},
		{strings.Repeat("x", 256), follow, "", syscall.ENAMETOOLONG},
		{"...", follow, "", syscall.ENOENT},
		{"d/e", follow | fs.ResolveBeneath, "/d/e", nil},
		{"d/../d", follow | fs.ResolveBeneath, "/d", nil},
		{"..", follow | fs.ResolveBeneath, "", syscall.EXDEV},
		{"/d", follow | fs.ResolveBeneath, "", syscall.EXDEV},
		{"abs", follow | fs.ResolveBeneath, "", syscall.EXDEV},
		{"/d", follow | fs.ResolveInRoot, "/d", nil},
		{"../../d/e", follow | fs.ResolveInRoot, "/d/e", nil},
		{"l/e", follow | fs.ResolveNoSymlinks, "", syscall.ELOOP},
		{"l", fs.ResolveNoSymlinks, "/l", nil},
	} {
		p, err := fs.Lookup(ctx, fs.AtFdcwd, c.path, c.flags)
		if err != c.err {
			t.Errorf("%q, flags %#x: error %v, want %v", c.path, c.flags, err, c.err)
			continue
		}
		if err == nil && pathOf(ctx, p) != c.want {
			t.Errorf("%q, flags %#x: %s, want %s", c.path, c.flags, pathOf(ctx, p), c.want)
		}
	}
}

func TestLookupFrom(t *testing.T) { inTask(func() { testLookupFrom(t) }) }

func testLookupFrom(t *testing.T) {
	ctx := root()
	tree(t, ctx, "d/", "d/e/", "d/e/f")
	dir, err := fs.OpenFile(ctx, "d", fs.OPath, 0)
	if err != nil {
		t.Fatal(err)
	}
	file, err := fs.OpenFile(ctx, "d/e/f", syscall.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	for want, f := range []*fs.File{dir, file} {
		if fd, err := ctx.Files.Add(f, 100, false); fd != want || err != nil {
			t.Fatal(fd, err)
		}
	}
	for _, c := range []struct {
		dfd  int
		path string
		err  error
	}{
		{0, "e/f", nil}, {0, "/d/e", nil}, {0, "", nil}, {0, "..", nil}, {0, "f", syscall.ENOENT},
		{1, "x", syscall.ENOTDIR}, {1, ".", syscall.ENOTDIR}, {1, "/d", nil}, {1, "", nil},
		{2, "x", syscall.EBADF}, {-1, "x", syscall.EBADF}, {-1, "/d", nil}, {1 << 30, "x", syscall.EBADF},
	} {
		if _, err := fs.Lookup(ctx, c.dfd, c.path, fs.LookupEmpty|fs.LookupFollow); err != c.err {
			t.Errorf("%q from %d: %v, want %v", c.path, c.dfd, err, c.err)
		}
	}
}

// FuzzPath walks any path: the result must be a place that its own name leads to.
func FuzzPath(f *testing.F) {
	for _, p := range []string{"/", "d/e/../g", "l/e//./", "self", "../x", "d/f/", "a/b/c", "up/d"} {
		f.Add(p, uint32(fs.LookupFollow))
	}
	f.Fuzz(func(t *testing.T, path string, flags uint32) {
		inTask(func() {
			ctx := root()
			tree(t, ctx, "d/", "d/e/", "d/e/g", "d/f", "l -> d", "self -> self", "up -> d/e/../..")
			p, err := fs.Lookup(ctx, fs.AtFdcwd, path, fs.LookupFlags(flags))
			if err != nil {
				return
			}
			again, err := fs.Lookup(ctx, fs.AtFdcwd, pathOf(ctx, p), 0)
			if err != nil || again != p {
				t.Errorf("%q is %s, which is %v, %v", path, pathOf(ctx, p), again, err)
			}
		})
	})
}
