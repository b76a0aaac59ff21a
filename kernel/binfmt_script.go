package kernel

import (
	"bytes"
	"syscall"
)

// binprmBufSize is how much of a file the binary formats see at first;
// BINPRM_BUF_SIZE.
const binprmBufSize = 256

// loadScript makes the program of a "#!" line the one to be executed, with the
// script as an argument. Linux's fs/binfmt_script.c.
func loadScript(b *binprm) error {
	interp, arg, err := parseScript((*[binprmBufSize]byte)(b.buf[:]))
	if err != nil {
		return err
	}
	if b.pathInaccessible {
		return syscall.ENOENT // the interpreter could not read the script
	}
	return b.splice(interp, arg)
}

// splice puts interp, arg if it is not empty, and the script's own name in the
// place of the program's argument 0, and opens interp.
func (b *binprm) splice(interp, arg string) error {
	b.dropArg()
	for _, w := range []string{b.interp, arg, interp} {
		if w == "" {
			continue
		}
		if err := b.pushArg(cBytes(w)); err != nil {
			return err
		}
	}
	b.interp = interp
	f, err := openExec(interp)
	if err != nil {
		return err
	}
	b.interpreter = f
	return nil
}

// parseScript returns the interpreter that a script's first line names, and its
// argument if there is one. It returns ENOEXEC if that is no script, or if the
// interpreter's name may have been cut off. An argument that was cut off is
// none of the kernel's business: the interpreter can read the line itself.
func parseScript(buf *[binprmBufSize]byte) (interp, arg string, err error) {
	const last = binprmBufSize - 1
	if buf[0] != '#' || buf[1] != '!' {
		return "", "", syscall.ENOEXEC
	}
	end := lineEnd(buf[:])
	if end < 0 {
		start := nextNonBlank(buf[:], 2, last)
		if start < 0 || nextTerminator(buf[:], start, last) < 0 {
			return "", "", syscall.ENOEXEC
		}
		end = last
	}
	for isBlank(buf[end-1]) {
		end--
	}
	name := nextNonBlank(buf[:], 2, end)
	if name < 0 || name == end {
		return "", "", syscall.ENOEXEC
	}
	line := buf[:end]
	sep := nextTerminator(buf[:], name, end)
	if sep < 0 {
		return cString(line[name:]), "", nil
	}
	if buf[sep] != 0 {
		if at := nextNonBlank(buf[:], sep, end); at >= 0 {
			arg = cString(line[at:])
		}
	}
	return cString(line[name:min(sep, end)]), arg, nil
}

// lineEnd returns where the first line ends, -1 if a NUL or the end of the
// buffer comes first.
func lineEnd(buf []byte) int {
	nl := bytes.IndexByte(buf, '\n')
	if nul := bytes.IndexByte(buf, 0); nul >= 0 && nul < nl {
		return -1
	}
	return nl
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// nextNonBlank returns the first place in buf[from:last+1] that is no blank, -1
// if there is none.
func nextNonBlank(buf []byte, from, last int) int {
	for ; from <= last; from++ {
		if !isBlank(buf[from]) {
			return from
		}
	}
	return -1
}

// nextTerminator returns the first place in buf[from:last+1] that is a blank or
// a NUL, -1 if there is none.
func nextTerminator(buf []byte, from, last int) int {
	for ; from <= last; from++ {
		if isBlank(buf[from]) || buf[from] == 0 {
			return from
		}
	}
	return -1
}
