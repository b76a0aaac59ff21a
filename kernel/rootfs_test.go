//go:build !metal

package kernel

import (
	"bytes"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/u-root/u-root/pkg/cpio"

	"onsen/kernel/cred"
	"onsen/kernel/fs"
	"onsen/kernel/fs/ramfs"
)

// cpioImage writes records, several archives of them, into an image.
func cpioImage(t testing.TB, archives ...[]cpio.Record) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, records := range archives {
		w := cpio.Newc.Writer(&b)
		if err := cpio.WriteRecords(w, records); err != nil {
			t.Fatal(err)
		}
		if err := cpio.WriteTrailer(w); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

// emptyRoot is root at a file system of its own.
func emptyRoot() *fs.Context {
	sb := ramfs.New(&fs.FilesystemType{Name: "test"}, 0)
	top := fs.NewMount(sb, sb.Root, "test", 0).RootPath()
	return &fs.Context{Cred: cred.Root(), FS: fs.NewFsStruct(top)}
}

// describe tells what is at a path in one line.
func describe(ctx *fs.Context, path string) string {
	p, err := fs.Lookup(ctx, fs.AtFdcwd, path, 0)
	if err != nil {
		return err.Error()
	}
	i := p.Inode()
	s := fmt.Sprintf("%o %d %d:%d", i.Mode(), i.Nlink(), i.UID(), i.GID())
	switch i.Mode() & syscall.S_IFMT {
	case syscall.S_IFCHR, syscall.S_IFBLK:
		s += fmt.Sprintf(" dev %d:%d", i.Rdev.Major(), i.Rdev.Minor())
	case syscall.S_IFLNK:
		target, _ := fs.Readlink(ctx, p)
		s += " " + target
	case syscall.S_IFREG:
		if f, err := fs.OpenFile(ctx, path, syscall.O_RDONLY, 0); err == nil {
			b := make([]byte, 20)
			n, _ := f.ReadAt(b, 0)
			s += " " + string(b[:n])
			f.Put()
		}
	}
	return s
}

func TestUnpack(t *testing.T) { inTask(t, func() { testUnpack(t) }) }

func testUnpack(t *testing.T) {
	with := func(r cpio.Record, change func(*cpio.Record)) cpio.Record { change(&r); return r }
	linked := func(name, text string, ino uint64) cpio.Record {
		return with(cpio.StaticFile(name, text, 0o644), func(r *cpio.Record) { r.Ino, r.NLink = ino, 2 })
	}
	fifo := with(cpio.StaticFile("fifo", "", 0), func(r *cpio.Record) { r.Mode = syscall.S_IFIFO | 0o622 })
	image := cpioImage(t,
		[]cpio.Record{
			with(cpio.Directory("bin", 0o2755), func(r *cpio.Record) { r.MTime = 1000 }),
			with(cpio.StaticFile("bin/su", "suid", 0o4755), func(r *cpio.Record) { r.UID, r.GID, r.MTime = 3, 4, 2000 }),
			cpio.Symlink("sh", "bin/su"),
			cpio.CharDev("null", 0o666, 1, 3),
			fifo,
			linked("a", "", 7), linked("b", "text", 7),
			linked("c", "first", 8), linked("d", "", 8),
			cpio.StaticFile("no/such/directory", "lost", 0o644),
			cpio.Directory("becomes-file", 0o755), cpio.StaticFile("becomes-dir", "x", 0o644),
			cpio.StaticFile("shorter", "long text", 0o644),
		},
		[]cpio.Record{
			cpio.StaticFile("becomes-file", "file", 0o600), cpio.Directory("becomes-dir", 0o700),
			cpio.StaticFile("shorter", "short", 0o644),
			linked("e", "other", 7), // the number is another file's here
		})
	ctx := emptyRoot()
	sum, err := unpackRootfs(ctx, image)
	if err != nil || sum.Archives != 2 {
		t.Fatalf("%+v, %v", sum, err)
	}
	for path, want := range map[string]string{
		"/bin": "42755 2 0:0", "/bin/su": "104755 1 3:4 suid", "/sh": "120777 1 0:0 bin/su",
		"/null": "20666 1 0:0 dev 1:3", "/fifo": "10622 1 0:0",
		"/a": "100644 2 0:0 text", "/b": "100644 2 0:0 text", "/c": "100644 2 0:0 first", "/d": "100644 2 0:0 first",
		"/e": "100644 1 0:0 other", "/no": syscall.ENOENT.Error(),
		"/becomes-file": "100600 1 0:0 file", "/becomes-dir": "40700 2 0:0", "/shorter": "100644 1 0:0 short",
	} {
		if got := describe(ctx, path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	for path, want := range map[string]int64{"/bin": 1000, "/bin/su": 2000} {
		var s fs.Stat
		p, err := fs.Lookup(ctx, fs.AtFdcwd, path, 0)
		if err == nil {
			err = fs.FillStat(p, &s)
		}
		if err != nil || s.Mtime != want*1e9 {
			t.Errorf("%s: modified at %d, %v, want %d s", path, s.Mtime, err, want)
		}
	}
}

// FuzzUnpack unpacks anything: there is no panic, and all is within the root.
func FuzzUnpack(f *testing.F) {
	good := cpioImage(f, []cpio.Record{
		cpio.Directory("d", 0o755), cpio.StaticFile("d/f", "text", 0o4755), cpio.Symlink("l", "../d"),
		cpio.StaticFile("l/g", "x", 0o644), cpio.CharDev("n", 0o666, 1, 3), cpio.StaticFile("d/../../e", "y", 0o600),
	})
	f.Add(good)
	f.Add(bytes.Replace(good, []byte("d/f"), []byte("../"), 1))
	f.Fuzz(func(t *testing.T, image []byte) {
		inTask(t, func() {
			ctx := emptyRoot()
			_, err := unpackRootfs(ctx, image)
			if err != nil && strings.Contains(err.Error(), "panic") {
				t.Error(err)
			}
			ctx.FS.Root().Dentry.WalkResident(func(i *fs.Inode) {
				if i.Nlink() == 0 {
					t.Errorf("inode %d, mode %o, has a name but no link", i.Ino, i.Mode())
				}
			})
		})
	})
}
