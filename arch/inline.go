//go:build metal

package arch

import "onsen/arch/spec"

// The compiler can inline a method of a type from another package where that
// package is imported, or where one is imported that has inlined the method
// itself. The kernel imports only this package, so it does.
var _ = inlined

func inlined(c *UserContext, a *[6]uintptr, e PTE, p spec.UserProt) (x PTE) {
	r := c.Regs()
	r.SyscallArgs(a)
	r.SetSyscallWord(r.SyscallWord())
	r.SetReturnValue(r.ReturnValue())
	r.SetPC(r.PC())
	r.SetSP(r.SP())
	if c.Trap().Access == spec.AccessExec {
		p = spec.UserX
	}
	if !e.None() && !e.Table() && e.Prot()&p != 0 {
		x = e.WithProt(p).WrProtect()
	}
	return MakePTE(x.PA(), p) | MakeTable(x.PA())
}
