package oops

import (
	"fmt"
	"runtime"
)

// Symbol returns the name and the entry of the function that contains addr. The
// name is empty if no function does. Inlined functions are not seen.
func Symbol(addr uintptr) (name string, entry uintptr) {
	f := runtime.FuncForPC(addr)
	if f == nil {
		return "", 0
	}
	entry = f.Entry()
	// f may be a function inlined at addr, but at its entry the outer one is
	// itself.
	return runtime.FuncForPC(entry).Name(), entry
}

// SymbolString returns function+0x12, or the number if there is no function.
func SymbolString(addr uintptr) string {
	name, entry := Symbol(addr)
	if name == "" {
		return fmt.Sprintf("%#x", addr)
	}
	return fmt.Sprintf("%s+%#x", name, addr-entry)
}

func inText(addr uintptr) bool {
	return runtime.FuncForPC(addr) != nil
}
