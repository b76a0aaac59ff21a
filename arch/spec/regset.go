package spec

// Regset is a register set as tracers and core files know it.
type Regset struct {
	Note        uint32 // NT_*
	Core        string // the name in a core file
	Size, Align int    // in bytes; Align is the size of a register
}
