package oops

import (
	"fmt"
	"runtime"
	"strings"
)

// A GoPanic is the place of a Go panic.
type GoPanic struct {
	// Trace starts with the function that panicked.
	Trace Trace

	// PC is the instruction that faulted, 0 if the panic was called for.
	PC uintptr
}

// CaptureGoPanic returns where the panic comes from that is running the
// deferred function which calls this one. It works before and after recover().
func CaptureGoPanic() GoPanic {
	pcs := make([]uintptr, maxFrames)
	pcs = pcs[:runtime.Callers(2, pcs)]
	panicking := false
	for i, pc := range pcs {
		name := runtimeFunction(pc)
		switch {
		case name == "gopanic":
			panicking = true
		case name == "sigpanic" && i+1 < len(pcs):
			if runtimeFunction(pcs[i+1]) == "sigpanic" {
				continue // this one was inlined there
			}
			// The element behind it is the instruction that faulted,
			// plus 1 as for all others (runtime.tracebackPCs).
			return GoPanic{Trace{PCs: pcs[i+1:], Exact: true}, pcs[i+1] - 1}
		case panicking && name == "":
			return GoPanic{Trace: Trace{PCs: pcs[i:]}}
		}
	}
	return GoPanic{Trace: Trace{PCs: pcs}}
}

// runtimeFunction returns the name of the function of package runtime that a
// return address belongs to, or "".
func runtimeFunction(pc uintptr) string {
	name, _ := Symbol(pc - 1)
	short, ok := strings.CutPrefix(name, "runtime.")
	if !ok {
		return ""
	}
	return short
}

// PanicValue returns the text of the value of a panic.
func PanicValue(v any) (text string) {
	defer func() {
		if recover() != nil {
			text = fmt.Sprintf("(%T) which panics when printed", v)
		}
	}()
	switch v := v.(type) {
	case error:
		text = v.Error()
		if a, ok := v.(interface{ Addr() uintptr }); ok { // runtime.Error of a fault
			text += fmt.Sprintf(" at address %#x", a.Addr())
		}
		return text
	case fmt.Stringer:
		return v.String()
	case string:
		return v
	}
	return fmt.Sprintf("(%T) %+v", v, v)
}
