//go:build metal && arm64

package arm64

// readDFR0 returns ID_AA64DFR0_EL1.
func readDFR0() uint64

// writeMDSCR sets MDSCR_EL1, and unlocks the debug registers if it is not 0
// (OSLAR_EL1, Arm ARM D19.3.22).
func writeMDSCR(v uint64)

// loadBreakpoints and loadWatchpoints set the first n registers of their kind.
//
//go:noescape
func loadBreakpoints(addr, ctrl *[maxDebug]uint64, n int)

//go:noescape
func loadWatchpoints(addr, ctrl *[maxDebug]uint64, n int)

// load makes the CPU's breakpoints and watchpoints those of d; nil has none.
// The caller cannot migrate.
//
//go:nosplit
func (d *debugRegs) load() {
	if d == nil {
		writeMDSCR(0)
		thisCPU().debug = 0
		return
	}
	n, _ := debugCounts(readDFR0())
	writeMDSCR(mdscrMDE)
	loadBreakpoints(&d.addr[kindBreak], &d.ctrl[kindBreak], n[kindBreak])
	loadWatchpoints(&d.addr[kindWatch], &d.ctrl[kindWatch], n[kindWatch])
	thisCPU().debug = d.id
}

// dropDebug takes the breakpoints of c out of the CPU if they are in it.
func (c *UserContext) dropDebug() {
	if c.loaded() {
		(*debugRegs)(nil).load()
	}
}
