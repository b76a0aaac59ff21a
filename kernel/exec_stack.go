package kernel

import "unsafe"

// Entries of the auxiliary vector (getauxval(3); include/uapi/linux/auxvec.h).
const (
	AT_NULL         = 0
	AT_EXECFD       = 2
	AT_PHDR         = 3
	AT_PHENT        = 4
	AT_PHNUM        = 5
	AT_PAGESZ       = 6
	AT_BASE         = 7
	AT_FLAGS        = 8
	AT_ENTRY        = 9
	AT_UID          = 11
	AT_EUID         = 12
	AT_GID          = 13
	AT_EGID         = 14
	AT_PLATFORM     = 15
	AT_HWCAP        = 16
	AT_CLKTCK       = 17
	AT_SECURE       = 23
	AT_RANDOM       = 25
	AT_HWCAP2       = 26
	AT_EXECFN       = 31
	AT_SYSINFO_EHDR = 33
	AT_MINSIGSTKSZ  = 51
)

// auxVector is the auxiliary vector while it is being made: pairs of a type and
// a value.
type auxVector []uint64

func (v *auxVector) add(typ, value uint64) { *v = append(*v, typ, value) }

// pushTable puts below the strings what the stack pointer of a new program
// points to: argc, argv, envp and the auxiliary vector. argStart is where argv[0]
// will be and top where the area's upper end. It returns the stack pointer, or
// ENOMEM.
func (s *execStrings) pushTable(aux auxVector, top, argStart uintptr) (sp uintptr, err error) {
	words := uintptr(1 + s.argc + 1 + s.envc + 1 + len(aux))
	// "The stack pointer [...] is guaranteed to be 16-byte aligned at process
	// entry" - System V ABI, AMD64, 3.4.1; the same on arm64 (AAPCS64, 6.4.5.1).
	if err := s.pushZeros((top - s.used - words*wordSize) % 16); err != nil {
		return 0, err
	}
	table := append(make([]uint64, 0, words), uint64(s.argc))
	at := argStart
	for i := len(s.lens) - 1; i >= 0; i-- {
		if i == s.envc-1 {
			table = append(table, 0) // ends argv
		}
		table = append(table, uint64(at))
		at += uintptr(s.lens[i])
	}
	if s.envc == 0 {
		table = append(table, 0)
	}
	table = append(append(table, 0), aux...)
	if err := s.push(wordBytes(table)); err != nil {
		return 0, err
	}
	return top - s.used, nil
}

// wordBytes returns words as they are in memory; all machines are little-endian.
func wordBytes(words []uint64) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), len(words)*wordSize)
}
