package kernel

import (
	"syscall"

	"onsen/kernel/cred"
	"onsen/kernel/fs"
	"onsen/kernel/vm"
)

// binprm is a program that is about to be executed; Linux's struct linux_binprm.
type binprm struct {
	execStrings

	// filename is what was asked for and interp what is to be executed, which
	// is the interpreter's name if the file is a script.
	filename, interp string
	// file is what is to be executed. Its writers are shut out.
	file *fs.File
	// interpreter is set by a format that wants another file executed.
	interpreter *fs.File
	// buf is the beginning of file, filled up with zeros: enough for the headers
	// of most programs. Scripts see less of it.
	buf [1024]byte

	// mm is the new memory until the task has it, and top the end of its stack.
	mm  *vm.MM
	top uintptr
	// cred are the credentials that the program will have.
	cred *cred.Cred
	// secure says that the program has more rights than its caller; AT_SECURE.
	secure bool
	// perClear are the bits of personality(2) that such a program does not
	// inherit.
	perClear uint32

	// seed is what AT_RANDOM points to, and entropy what the places of things
	// are chosen with, of which so many bits are used up.
	seed        [16]byte
	entropy     [2]uint64
	entropyUsed uint

	// pathInaccessible says that filename is a /dev/fd/N whose descriptor will
	// be closed.
	pathInaccessible bool
	// unreadable says that the caller may not read the file, and so not the
	// program's memory either.
	unreadable bool
	// noReturn says that the old program is gone.
	noReturn bool
}

// binfmts are the binary formats, in the order in which they are asked. One that
// returns ENOEXEC leaves the file to the next.
var binfmts = []func(b *binprm) error{loadScript, loadELF}

// maxInterpreters is how often a script may have a script as interpreter.
const maxInterpreters = 5

// execFile finds the format that knows the file, and makes the caller that
// program. It returns ENOEXEC if there is none, and ELOOP for too many
// interpreters on top of each other. Linux's exec_binprm.
func (b *binprm) execFile() error {
	for range maxInterpreters + 1 {
		if err := b.searchHandler(); err != nil {
			return err
		}
		if b.interpreter == nil {
			return nil
		}
		script := b.file
		b.file, b.interpreter = b.interpreter, nil
		closeExec(script)
	}
	return syscall.ELOOP
}

// searchHandler asks the formats.
func (b *binprm) searchHandler() error {
	if err := b.readStart(); err != nil {
		return err
	}
	for _, load := range binfmts {
		if err := load(b); err != syscall.ENOEXEC || b.noReturn {
			return err
		}
	}
	return syscall.ENOEXEC
}

// readStart fills buf.
func (b *binprm) readStart() error {
	n, err := b.file.ReadAt(b.buf[:], 0)
	if err != nil {
		return err
	}
	clear(b.buf[n:])
	return nil
}

// release gives up what the attempt has still got.
func (b *binprm) release() {
	if b.interpreter != nil {
		closeExec(b.interpreter)
	}
	if b.file != nil {
		closeExec(b.file)
	}
	if b.mm != nil {
		b.mm.Put()
	}
	b.argArea.release()
}
