package kernel

import (
	"bytes"
	"fmt"
	"strings"
	"syscall"

	"onsen/arch"
	"onsen/kernel/fs"
	"onsen/kernel/fs/procfs"
	"onsen/kernel/kstrtox"
	"onsen/kernel/printk"
	"onsen/kernel/vm"
)

// write writes the core and reports whether there is one. As on Linux one that
// the limit or the file system has cut off counts, too.
func (c *coredump) write() bool {
	if pattern, piped := strings.CutPrefix(corePatternText(), "|"); piped {
		return c.writeToProgram(pattern)
	}
	if c.limit < arch.PageSize {
		return false
	}
	f, err := c.open(coreName(corePatternText(), c.facts()))
	if err != nil {
		return false
	}
	defer f.Put()
	return c.writeTo(&coreWriter{task: c.task, file: f, limit: c.limit})
}

// writeTo writes the core, unless the dump has been interrupted already.
func (c *coredump) writeTo(w *coreWriter) bool {
	if fatalSignalPending(c.task) {
		return false
	}
	segments, files := c.snapshot()
	p := c.process(files)
	if p == nil || len(segments) > coreSegmentsMax {
		return false
	}
	head, data := coreHeaders(arch.ELFMachine, p.notes(), segments)
	w.writeAll(c.mm, head, data, segments)
	return true
}

// open makes the core file: a new one that belongs to the dumper, and that nobody
// else has a name for or may read.
func (c *coredump) open(name string) (*fs.File, error) {
	t := c.task
	ctx := &fs.Context{Cred: c.cred, FS: t.fs, Files: t.files}
	if c.dumpable == suidDumpRoot {
		if !strings.HasPrefix(name, "/") {
			printk.Warn("Pid %d(%s) can only dump core to fully qualified path!", t.Tgid, t.Name())
			return nil, syscall.EPERM
		}
		// Nor is it the program's choice where that path begins.
		own := copyInitFS()
		if own == nil {
			return nil, syscall.ENOENT
		}
		defer own.Put()
		own.SetUmask(t.fs.Umask())
		ctx.FS = own
	} else {
		// "a core dump file [...] is overwritten", but not what a link leads to.
		_ = fs.Unlink(ctx, fs.AtFdcwd, name)
	}
	f, err := fs.OpenFile(ctx, name, syscall.O_CREAT|syscall.O_EXCL|syscall.O_WRONLY|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	i := f.Inode
	if !i.IsReg() || i.Nlink() != 1 || i.UID() != c.cred.FSUID || i.Mode()&0o677 != 0o600 {
		f.Put()
		return nil, syscall.EPERM
	}
	return f, nil
}

// copyInitFS returns a copy of what the first process has for root and working
// directory; nil if that has ended.
func copyInitFS() *fs.FsStruct {
	t := FindPid(1).Task(PIDTYPE_TGID)
	if t == nil {
		return nil
	}
	t.allocLock.Lock()
	f := t.fs
	if f != nil {
		f.Get()
	}
	t.allocLock.Unlock()
	if f == nil {
		return nil
	}
	defer f.Put()
	return f.Copy()
}

// coreWriter writes a file from front to back, with holes where there is nothing;
// zeros, if it is a stream.
type coreWriter struct {
	task           *Task
	file           *fs.File
	stream         bool
	limit, written uint64
	pos            int64
	size           int64 // where the last write ended
}

// skip leaves n bytes out. It reports false as emit does.
func (w *coreWriter) skip(n int64) bool {
	if !w.stream {
		w.pos += n
		return true
	}
	var zeros [arch.PageSize]byte
	for n > 0 {
		part := min(n, arch.PageSize)
		if !w.emit(zeros[:part]) {
			return false
		}
		n -= part
	}
	return true
}

// emit writes b. It reports false if the limit does not allow that, the task is
// killed, or the file cannot take it.
func (w *coreWriter) emit(b []byte) bool {
	if w.written+uint64(len(b)) > w.limit || fatalSignalPending(w.task) {
		return false
	}
	n, err := w.file.WriteAt(b, w.pos)
	if err != nil || n < len(b) {
		return false
	}
	w.written += uint64(n)
	w.pos += int64(n)
	w.size = w.pos
	return true
}

// writeAll writes the headers, and from data on the segments, as far as it can.
func (w *coreWriter) writeAll(m *vm.MM, head []byte, data int64, segments []coreSegment) {
	if !w.emit(head) || !w.skip(data-w.pos) {
		return
	}
	for _, s := range segments {
		if !w.dump(m, s.start, s.start+s.size) {
			return
		}
	}
	w.end()
}

// dump writes the memory [start, end).
func (w *coreWriter) dump(m *vm.MM, start, end uintptr) bool {
	page := make([]byte, arch.PageSize)
	for start < end {
		next := min(m.NextPresent(start, end), end)
		if !w.skip(int64(next - start)) {
			return false
		}
		if start = next; start == end {
			break
		}
		ok := false
		if _, err := m.PeekRemote(start, page); err == nil {
			ok = w.emit(page)
		} else {
			ok = !fatalSignalPending(w.task) && w.skip(arch.PageSize)
		}
		if !ok {
			return false
		}
		start += arch.PageSize
	}
	return true
}

// end makes the file as long as it should be.
func (w *coreWriter) end() {
	if w.pos != w.size {
		w.pos--
		w.emit([]byte{0})
	}
}

// showCoredumpFilter shows which memory is dumped.
func showCoredumpFilter(m *vm.MM, w *bytes.Buffer) error {
	fmt.Fprintf(w, "%08x\n", m.CoredumpFilter())
	return nil
}

// writeCoredumpFilter changes it. It looks at no more than 34 bytes:
// kstrtouint_from_user.
func writeCoredumpFilter(key any, w *procfs.Write) (int, error) {
	v, err := kstrtox.Uint32(cString(w.Text[:min(len(w.Text), 34)]))
	if err != nil {
		return 0, err
	}
	m, err := mustKeyMM(key)
	if err != nil {
		return 0, err
	}
	defer m.Put()
	m.SetCoredumpFilter(v)
	return w.Len, nil
}
