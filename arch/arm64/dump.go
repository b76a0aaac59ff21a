//go:build metal && arm64

package arm64

// Dump writes all general registers to the early console.
//
//go:nosplit
func (f *Frame) Dump() {
	for i := range f.R {
		puts("x")
		EarlyPutc('0' + byte(i/10))
		EarlyPutc('0' + byte(i%10))
		puts("=")
		puthex(f.R[i])
		separate(i)
	}
	puts("\r\n")
	dumpWord("sp", f.Stack)
	dumpWord(" pc", f.IP)
	dumpWord(" pstate", f.PState)
	dumpWord("\r\nesr", f.ESR)
	dumpWord(" far", f.FAR)
	puts("\r\n")
}

// separate ends every fourth word's line.
//
//go:nosplit
func separate(i int) {
	if i%4 == 3 {
		puts("\r\n")
	} else {
		puts(" ")
	}
}

//go:nosplit
func dumpWord(name string, v uint64) {
	puts(name)
	puts("=")
	puthex(v)
}
