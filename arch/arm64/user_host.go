//go:build !metal

package arm64

// TLS returns the thread pointer.
func (c *UserContext) TLS() uintptr { return uintptr(c.tls) }

// SetTLS sets the thread pointer.
func (c *UserContext) SetTLS(tls uintptr) error {
	c.tls = uint64(tls)
	return nil
}

// CPURelax does nothing.
func CPURelax() {}

// asidCount is small, so that tests see generations change.
func asidCount() uint64 { return 128 }

// localFlushes counts.
var localFlushes int

func flushLocal() { localFlushes++ }

func readDFR0() uint64 { return 0x0000_0000_0030_5006 } // 4 watchpoints, 6 breakpoints, Armv8

func (c *UserContext) dropDebug() {}
