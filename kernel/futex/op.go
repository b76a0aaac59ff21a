package futex

import (
	"syscall"

	"onsen/kernel/uaccess"
)

// Op is the operation and the condition of FUTEX_WAKE_OP.
type Op struct {
	Op, Cmp       uint8
	OpArg, CmpArg int32
}

// The operations of FUTEX_WAKE_OP, and its conditions.
const (
	opSet  = 0
	opAdd  = 1
	opOr   = 2
	opAndn = 3
	opXor  = 4
	// opArgShift joined to an operation makes its argument 1 << argument.
	opArgShift = 8

	cmpEQ = 0
	cmpNE = 1
	cmpLT = 2
	cmpLE = 3
	cmpGT = 4
	cmpGE = 5
)

// DecodeOp reads the encoding of futex(2): 4 bits of operation, 4 of condition, and
// 12 for the argument of each, with sign.
func DecodeOp(v uint32) (o Op) {
	o.Op = uint8(v >> 28 & 7)
	o.Cmp = uint8(v >> 24 & 15)
	o.OpArg = int32(v<<8) >> 20
	o.CmpArg = int32(v<<20) >> 20
	if v>>28&opArgShift != 0 {
		o.OpArg = 1 << uint(o.OpArg&31)
	}
	return o
}

// Apply returns what the operation makes of a value; false if there is no such
// operation.
func (o Op) Apply(old uint32) (uint32, bool) {
	arg := uint32(o.OpArg)
	switch o.Op {
	case opSet:
		return arg, true
	case opAdd:
		return old + arg, true
	case opOr:
		return old | arg, true
	case opAndn:
		return old &^ arg, true
	case opXor:
		return old ^ arg, true
	}
	return 0, false
}

// Met reports whether an old value meets the condition; ok is false if there is no
// such condition.
func (o Op) Met(old uint32) (met, ok bool) {
	v, arg := int32(old), o.CmpArg
	switch o.Cmp {
	case cmpEQ:
		return v == arg, true
	case cmpNE:
		return v != arg, true
	case cmpLT:
		return v < arg, true
	case cmpLE:
		return v <= arg, true
	case cmpGT:
		return v > arg, true
	case cmpGE:
		return v >= arg, true
	}
	return false, false
}

// apply does the operation on a word of the program, atomically and without
// sleeping. ok is false if the page is not there.
func (o Op) apply(addr uintptr) (met, ok bool, err error) {
	old, ok := uaccess.Load32NoFault(addr)
	for ok {
		v, known := o.Apply(old)
		if !known {
			return false, true, syscall.ENOSYS
		}
		var prev uint32
		if prev, ok = uaccess.Cmpxchg32NoFault(addr, old, v); ok && prev == old {
			if met, known = o.Met(old); !known {
				return false, true, syscall.ENOSYS
			}
			return met, true, nil
		}
		old = prev
	}
	return false, false, nil
}
