package seccomp

import "syscall"

// Program is a program that Compile has found good.
type Program struct {
	code []Insn
	size int
}

// Compile checks a program by the rules of Linux: those for all classic filters, in
// bpf_check_classic of its net/core/filter.c, and what seccomp_check_filter leaves
// of them. The program is code itself, which nobody may change from now on.
// EINVAL.
func Compile(code []Insn) (*Program, error) {
	if len(code) == 0 || len(code) > MaxInsns {
		return nil, syscall.EINVAL
	}
	for pc := range code {
		if !code[pc].valid(len(code) - pc - 1) {
			return nil, syscall.EINVAL
		}
	}
	if last := code[len(code)-1].Code; last != opRetK && last != opRetA {
		return nil, syscall.EINVAL
	}
	if !loadsWhatIsStored(code) {
		return nil, syscall.EINVAL
	}
	return &Program{code: code, size: linuxSize(code)}, nil
}

// Code returns the instructions, not to be changed.
func (p *Program) Code() []Insn { return p.code }

// valid reports whether an instruction is one that a filter may have, with rest
// instructions behind it.
func (i *Insn) valid(rest int) bool {
	switch i.Code {
	case opLoadWord:
		return i.K < DataSize && i.K&3 == 0
	case opLoadMem, opLoadXMem, opStore, opStoreX:
		return i.K < memWords
	case opDivK:
		return i.K != 0
	case opLshK, opRshK:
		return i.K < 32
	case opJump:
		return uint64(i.K) < uint64(rest)
	case opJeqK, opJeqX, opJgtK, opJgtX, opJgeK, opJgeX, opJsetK, opJsetX:
		return int(i.Jt) < rest && int(i.Jf) < rest
	case opLoadLen, opLoadImm, opLoadXLen, opLoadXImm, opTAX, opTXA,
		opAddK, opAddX, opSubK, opSubX, opMulK, opMulX, opDivX, opAndK, opAndX,
		opOrK, opOrX, opXorK, opXorX, opLshX, opRshX, opNeg, opRetK, opRetA:
		return true
	}
	return false
}

// loadsWhatIsStored reports whether no word of the scratch memory is loaded on a
// way on which it was not stored before. Instructions that no way leads to are
// taken for such where everything was stored. Linux's check_load_and_stores.
//
// Preconditions: every instruction is valid.
func loadsWhatIsStored(code []Insn) bool {
	const all = ^uint16(0)
	// missing has, for the targets of jumps, the words that one of them may come
	// without.
	var missing [MaxInsns]uint16
	stored := uint16(0)
	for pc := range code {
		stored &^= missing[pc]
		switch i := &code[pc]; i.Code {
		case opStore, opStoreX:
			stored |= 1 << i.K
		case opLoadMem, opLoadXMem:
			if stored>>i.K&1 == 0 {
				return false
			}
		case opJump:
			missing[pc+1+int(i.K)] |= ^stored
			stored = all
		case opJeqK, opJeqX, opJgtK, opJgtX, opJgeK, opJgeX, opJsetK, opJsetX:
			missing[pc+1+int(i.Jt)] |= ^stored
			missing[pc+1+int(i.Jf)] |= ^stored
			stored = all
		}
	}
	return true
}

// linuxSize returns how many instructions Linux makes of a program: it translates
// it to its own kind of filters, and that is what it limits the size of all of a
// task's filters by (bpf_convert_filter).
func linuxSize(code []Insn) int {
	size := 3 // both registers are cleared, and the data's address kept
	for pc := range code {
		size += code[pc].linuxSize()
	}
	return size
}

func (i *Insn) linuxSize() int {
	n := 1
	switch i.Code {
	case opDivX:
		n += 4 // is the divisor 0?
	case opRetK:
		n++
	case opJeqK, opJgtK, opJgeK, opJsetK:
		if int32(i.K) < 0 {
			n++ // its constants have a sign
		}
		n += i.secondJump()
	case opJeqX, opJgtX, opJgeX, opJsetX:
		n += i.secondJump()
	}
	return n
}

// secondJump returns 1 if both ways of a conditional jump lead elsewhere, else 0.
// There is no opposite of JSET.
func (i *Insn) secondJump() int {
	jset := i.Code == opJsetK || i.Code == opJsetX
	if i.Jf == 0 || i.Jt == 0 && !jset {
		return 0
	}
	return 1
}
