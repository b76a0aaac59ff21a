//go:build metal

package rt

import "onsen/arch"

// write is write(2) on standard output or error: what println and a dying
// runtime say goes to the early console.
//
//go:nosplit
func write(fd, buf, n uintptr) uintptr {
	if fd != 1 && fd != 2 {
		return fail(ebadf)
	}
	for i := range n {
		putc(*(*byte)(at(buf + i)))
	}
	return n
}

//go:nosplit
func putc(b byte) {
	if b == '\n' {
		arch.EarlyPutc('\r')
	}
	arch.EarlyPutc(b)
}

//go:nosplit
func puts(s string) {
	for i := range len(s) {
		putc(s[i])
	}
}

//go:nosplit
func puthex(v uintptr) {
	puts("0x")
	for shift := 60; shift >= 0; shift -= 4 {
		putc("0123456789abcdef"[v>>shift&15])
	}
}
