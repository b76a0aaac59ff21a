package uaccess

import (
	"bytes"
	"syscall"
	"unsafe"

	"onsen/arch"
)

// pathChunk is how much of a path is copied at first: most are shorter.
const pathChunk = 64

// Path reads a path of less than most bytes into *buf, which grows as needed,
// and returns it as a string that is good until the buffer is used again. It
// returns EFAULT, and ENAMETOOLONG.
func Path(buf *[]byte, addr uintptr, most int) (string, error) {
	b := *buf
	if len(b) >= pathChunk && addr < arch.TaskSize && addr%arch.PageSize <= arch.PageSize-pathChunk &&
		arch.CopyFromUser(unsafe.Pointer(unsafe.SliceData(b)), addr, pathChunk) == 0 {
		if end := bytes.IndexByte(b[:pathChunk], 0); end >= 0 {
			return unsafe.String(unsafe.SliceData(b), end), nil
		}
	}
	return longPath(buf, addr, most)
}

// longPath is Path for what is longer, or not there yet.
func longPath(buf *[]byte, addr uintptr, most int) (string, error) {
	b := *buf
	for n := 0; ; {
		if n == len(b) {
			b = append(b, make([]byte, max(len(b), 4*pathChunk))...)
			*buf = b
		}
		// Never across the end of a page: the next one need not be there.
		m := min(len(b)-n, max(n, pathChunk), arch.PageSize-int(addr%arch.PageSize))
		if addr >= arch.TaskSize {
			return "", syscall.EFAULT
		}
		m = int(min(uintptr(m), arch.TaskSize-addr))
		if _, err := CopyFromUser(b[n:n+m], addr); err != nil {
			return "", err
		}
		if end := bytes.IndexByte(b[n:n+m], 0); end >= 0 {
			n += end
			if n >= most {
				return "", syscall.ENAMETOOLONG
			}
			return unsafe.String(unsafe.SliceData(b), n), nil
		}
		n, addr = n+m, addr+uintptr(m)
		if n >= most {
			return "", syscall.ENAMETOOLONG
		}
	}
}
