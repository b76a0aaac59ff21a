package procfs

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"onsen/kernel/cred"
	"onsen/kernel/fs"
	"onsen/kernel/uaccess"
)

// things is a file system like /proc: a directory for each number below three.
func things(written *string) *System {
	thing := &Dir{Entries: []Entry{
		{Name: "name", Perm: 0o444, Show: func(key any, w *bytes.Buffer) error {
			fmt.Fprintf(w, "thing %d\n", key)
			return nil
		}},
		{Name: "dead", Perm: 0o444, Show: func(any, *bytes.Buffer) error { return syscall.ESRCH }},
	}}
	entry := &Entry{Perm: 0o555, Dir: thing}
	return &System{
		Root: &Dir{
			Entries: []Entry{
				{Name: "knob", Perm: 0o644, Write: func(_ any, w *Write) (int, error) {
					*written = fmt.Sprintf("%s %d at %d", w.Text[:min(len(w.Text), 3)], w.Len, w.Pos)
					w.Pos += 2
					return 2, nil
				}},
				{Name: "first", Link: func(any, *cred.Cred) (string, fs.Path, error) { return "0", fs.Path{}, nil }},
			},
			Find: func(_ any, name string) (*Entry, any, error) {
				n, err := strconv.Atoi(name)
				if err != nil || n < 0 || n >= 3 {
					return nil, nil, syscall.ENOENT
				}
				return entry, n, nil
			},
			List: func(_ any, from int64, emit func(int64, string, uint32) bool) error {
				for ; from < 3 && emit(from, strconv.Itoa(int(from)), syscall.S_IFDIR); from++ {
				}
				return nil
			},
		},
		Owner: func(key any) (uid, gid uint32) { return uint32(key.(int)), 0 },
		Alive: func(key any) bool { return key != 2 },
	}
}

// mounted returns the file system, and a context at its root.
func mounted(t *testing.T, s *System) *fs.Context {
	t.Helper()
	sb, err := s.Mount(&fs.FilesystemType{Name: "things"}, "", 0, "")
	if err != nil {
		panic(err)
	}
	m := fs.NewMount(sb, sb.Root, "things", 0)
	return &fs.Context{Cred: new(cred.Cred), FS: fs.NewFsStruct(m.RootPath())}
}

func read(ctx *fs.Context, path string) (string, error) {
	f, err := fs.OpenFile(ctx, path, syscall.O_RDONLY, 0)
	if err != nil {
		return "", err
	}
	defer f.Put()
	b := make([]byte, 100)
	n, err := f.ReadAt(b, 0)
	return string(b[:n]), err
}

func TestRead(t *testing.T) { inTask(func() { testRead(t) }) }

func testRead(t *testing.T) {
	ctx := mounted(t, things(nil))
	tests := []struct {
		path, want string
		err        error
	}{
		{"1/name", "thing 1\n", nil},
		{"first/name", "thing 0\n", nil},
		{"1/../0/name", "thing 0\n", nil},
		{"1/dead", "", syscall.ESRCH},
		{"1/none", "", syscall.ENOENT},
		{"2/name", "", syscall.ENOENT},
		{"3", "", syscall.ENOENT},
		{"1", "", syscall.EISDIR},
		{"knob", "", syscall.EACCES},
	}
	for _, tt := range tests {
		if got, err := read(ctx, tt.path); got != tt.want || err != tt.err {
			t.Errorf("%s: %q, %v; want %q, %v", tt.path, got, err, tt.want, tt.err)
		}
	}
}

func TestWrite(t *testing.T) { inTask(func() { testWrite(t) }) }

func testWrite(t *testing.T) {
	var written string
	ctx := mounted(t, things(&written))
	f, err := fs.OpenFile(ctx, "knob", syscall.O_WRONLY|syscall.O_TRUNC, 0)
	if err != nil {
		t.Error(err)
		return
	}
	defer f.Put()
	text := append([]byte("on\n"), make([]byte, 2*MaxText)...)
	for _, tt := range []struct {
		len  int
		want string
	}{{3, "on\n 3 at 0"}, {len(text), "on\n 8195 at 2"}} {
		it, pos := uaccess.KernelIter(text[:tt.len]), f.Pos()
		n, err := f.Ops.Write(f, &it, &pos)
		if n != 2 || err != nil || written != tt.want {
			t.Errorf("%d, %v: %q, want %q", n, err, written, tt.want)
		}
		f.SetPos(pos)
	}
}

func TestList(t *testing.T) { inTask(func() { testList(t) }) }

func testList(t *testing.T) {
	ctx := mounted(t, things(nil))
	f, err := fs.OpenFile(ctx, "/", syscall.O_RDONLY|syscall.O_DIRECTORY, 0)
	if err != nil {
		t.Error(err)
		return
	}
	defer f.Put()
	var names []string
	room := 0
	d := fs.DirContext{Actor: func(name string, _ uint64, _ uint8, _, _ int64) bool {
		if room--; room < 0 {
			return false
		}
		names = append(names, name)
		return true
	}}
	for range 10 { // two at a time
		room = 2
		if err := f.Ops.ReadDir(f, &d); err != nil {
			t.Error(err)
			return
		}
	}
	if got := strings.Join(names, " "); got != ". .. knob first 0 1 2" {
		t.Error(got)
	}
}

func TestOwner(t *testing.T) { inTask(func() { testOwner(t) }) }

func testOwner(t *testing.T) {
	ctx := mounted(t, things(nil))
	f, err := fs.OpenFile(ctx, "1/name", syscall.O_RDONLY, 0)
	if err != nil {
		t.Error(err)
		return
	}
	defer f.Put()
	if f.Inode.UID() != 1 || f.Inode.Mode() != syscall.S_IFREG|0o444 {
		t.Errorf("uid %d, mode %o", f.Inode.UID(), f.Inode.Mode())
	}
}
