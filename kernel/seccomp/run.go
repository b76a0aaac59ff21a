package seccomp

// run returns what the program says about a system call: an Action with its data. It
// begins at instruction pc.
func (p *Program) run(d *Data, pc int) uint32 {
	var a, x uint32
	var mem [memWords]uint32
	w := d.words()
	code := p.code
	for ; uint(pc) < uint(len(code)); pc++ {
		i := &code[pc]
		k := i.K
		switch i.Code {
		case opLoadWord:
			a = w[k/4%(DataSize/4)]
		case opLoadLen:
			a = DataSize
		case opLoadImm:
			a = k
		case opLoadMem:
			a = mem[k%memWords]
		case opLoadXLen:
			x = DataSize
		case opLoadXImm:
			x = k
		case opLoadXMem:
			x = mem[k%memWords]
		case opStore:
			mem[k%memWords] = a
		case opStoreX:
			mem[k%memWords] = x
		case opTAX:
			x = a
		case opTXA:
			a = x

		case opAddK:
			a += k
		case opAddX:
			a += x
		case opSubK:
			a -= k
		case opSubX:
			a -= x
		case opMulK:
			a *= k
		case opMulX:
			a *= x
		case opDivK:
			a /= max(k, 1) // which it is
		case opDivX:
			if x == 0 {
				return 0
			}
			a /= x
		case opAndK:
			a &= k
		case opAndX:
			a &= x
		case opOrK:
			a |= k
		case opOrX:
			a |= x
		case opXorK:
			a ^= k
		case opXorX:
			a ^= x
		case opLshK:
			a <<= k % 32
		case opLshX:
			a <<= x % 32
		case opRshK:
			a >>= k % 32
		case opRshX:
			a >>= x % 32
		case opNeg:
			a = -a

		case opJump:
			pc += int(k)
		case opJeqK:
			pc += i.jump(a == k)
		case opJeqX:
			pc += i.jump(a == x)
		case opJgtK:
			pc += i.jump(a > k)
		case opJgtX:
			pc += i.jump(a > x)
		case opJgeK:
			pc += i.jump(a >= k)
		case opJgeX:
			pc += i.jump(a >= x)
		case opJsetK:
			pc += i.jump(a&k != 0)
		case opJsetX:
			pc += i.jump(a&x != 0)

		case opRetK:
			return k
		case opRetA:
			return a
		}
	}
	return uint32(KillProcess) // not reached
}

// jump returns how many instructions a conditional jump skips.
func (i *Insn) jump(cond bool) int {
	if cond {
		return int(i.Jt)
	}
	return int(i.Jf)
}

// start returns the first instruction that matters for a system call of which only
// number and architecture are known: the return to which they lead, or what looks
// first at something else. To run the program from there is as good as from 0. Linux's
// seccomp_is_const_allow knows as much about programs.
func (p *Program) start(nr int32, arch uint32) (pc int) {
	var a uint32
	for pc < len(p.code) {
		i := &p.code[pc]
		switch i.Code {
		case opLoadWord:
			switch i.K {
			case 0:
				a = uint32(nr)
			case 4:
				a = arch
			default:
				return pc // nothing has changed but a, which ends here
			}
		case opAndK:
			a &= i.K
		case opJump:
			pc += int(i.K)
		case opJeqK:
			pc += i.jump(a == i.K)
		case opJgtK:
			pc += i.jump(a > i.K)
		case opJgeK:
			pc += i.jump(a >= i.K)
		case opJsetK:
			pc += i.jump(a&i.K != 0)
		case opRetK:
			return pc
		default:
			return 0
		}
		pc++
	}
	return 0
}

// allowsAt reports whether the instruction at pc allows the system call.
func (p *Program) allowsAt(pc int) bool {
	return p.code[pc].Code == opRetK && p.code[pc].K == uint32(Allow)
}
