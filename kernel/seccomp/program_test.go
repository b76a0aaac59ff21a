package seccomp

import (
	"encoding/binary"
	"syscall"
	"testing"
)

func stmt(code uint16, k uint32) Insn { return Insn{Code: code, K: k} }

func jump(code uint16, k uint32, jt, jf uint8) Insn { return Insn{code, jt, jf, k} }

var ret = stmt(opRetA, 0)

// What Linux accepts and what not.
func TestCompile(t *testing.T) {
	many := make([]Insn, MaxInsns+1)
	for i := range many {
		many[i] = ret
	}
	far := append([]Insn{jump(opJeqK, 0, 255, 255)}, many[:256]...)
	for name, tt := range map[string]struct {
		code []Insn
		ok   bool
	}{
		"nothing":            {nil, false},
		"the most":           {many[:MaxInsns], true},
		"too much":           {many, false},
		"return K":           {[]Insn{stmt(opRetK, 1)}, true},
		"return X":           {[]Insn{stmt(bpfRET|bpfX, 0)}, false},
		"no return":          {[]Insn{stmt(opLoadImm, 1)}, false},
		"code after return":  {[]Insn{ret, stmt(opLoadImm, 1)}, false},
		"load first word":    {[]Insn{stmt(opLoadWord, 0), ret}, true},
		"load last word":     {[]Insn{stmt(opLoadWord, 60), ret}, true},
		"load behind":        {[]Insn{stmt(opLoadWord, 64), ret}, false},
		"load between":       {[]Insn{stmt(opLoadWord, 2), ret}, false},
		"load extension":     {[]Insn{stmt(opLoadWord, 0xffff_f000), ret}, false},
		"load half":          {[]Insn{stmt(bpfLD|0x08|bpfABS, 0), ret}, false},
		"load byte":          {[]Insn{stmt(bpfLD|0x10|bpfABS, 0), ret}, false},
		"load indirect":      {[]Insn{stmt(bpfLD|0x40, 0), ret}, false},
		"load header length": {[]Insn{stmt(bpfLDX|0x10|0xa0, 0), ret}, false},
		"the kernel's load":  {[]Insn{stmt(bpfLDX|bpfW|bpfABS, 0), ret}, false},
		"divide":             {[]Insn{stmt(opDivK, 1), ret}, true},
		"divide by 0":        {[]Insn{stmt(opDivK, 0), ret}, false},
		"modulo":             {[]Insn{stmt(bpfALU|0x90, 1), ret}, false},
		"shift by 31":        {[]Insn{stmt(opLshK, 31), stmt(opRshK, 31), ret}, true},
		"shift left by 32":   {[]Insn{stmt(opLshK, 32), ret}, false},
		"shift right by 32":  {[]Insn{stmt(opRshK, 32), ret}, false},
		"code beyond a byte": {[]Insn{stmt(0x100, 0), ret}, false},

		"jump to the last":    {[]Insn{stmt(opJump, 1), ret, ret}, true},
		"jump behind":         {[]Insn{stmt(opJump, 2), ret, ret}, false},
		"jump back":           {[]Insn{stmt(opJump, 0xffff_ffff), ret, ret}, false},
		"if true behind":      {[]Insn{jump(opJeqK, 0, 1, 0), ret}, false},
		"if false behind":     {[]Insn{jump(opJeqK, 0, 0, 1), ret}, false},
		"if far":              {far, true},
		"if too far":          {far[:256], false},
		"jump as last":        {[]Insn{stmt(opJump, 0)}, false},
		"store the last word": {[]Insn{stmt(opStore, 15), stmt(opLoadMem, 15), ret}, true},
		"store behind":        {[]Insn{stmt(opStore, 16), ret}, false},
		"store X behind":      {[]Insn{stmt(opStoreX, 16), ret}, false},
		"load behind memory":  {[]Insn{stmt(opLoadMem, 16), ret}, false},
		"load not stored":     {[]Insn{stmt(opLoadMem, 0), ret}, false},
		"load X not stored":   {[]Insn{stmt(opStore, 1), stmt(opLoadXMem, 0), ret}, false},
		"load stored on one way": {[]Insn{
			jump(opJeqK, 0, 1, 0), stmt(opStore, 0), stmt(opLoadMem, 0), ret}, false},
		"load stored on both ways": {[]Insn{
			jump(opJeqK, 0, 2, 0), stmt(opStore, 0), stmt(opJump, 1), stmt(opStoreX, 0), stmt(opLoadMem, 0), ret}, true},
		"load where no way leads": {[]Insn{stmt(opJump, 1), stmt(opLoadMem, 3), ret}, true},
	} {
		_, err := Compile(tt.code)
		if (err == nil) != tt.ok || err != nil && err != syscall.EINVAL {
			t.Errorf("%s: %v", name, err)
		}
	}
}

var sample = Data{Nr: 0x1234, Arch: 0xc000_003e, IP: 0x1_0000_0002,
	Args: [6]uintptr{0x3_0000_0004, 5, 6, 7, 8, 0xfedc_ba98_7654_3210}}

func TestRun(t *testing.T) {
	ld := func(k uint32) Insn { return stmt(opLoadImm, k) }
	ldx := func(k uint32) Insn { return stmt(opLoadXImm, k) }
	for name, tt := range map[string]struct {
		code []Insn
		want uint32
	}{
		"registers begin with 0": {[]Insn{stmt(opAddX, 0), ret}, 0},
		"nr":                     {[]Insn{stmt(opLoadWord, 0), ret}, 0x1234},
		"arch":                   {[]Insn{stmt(opLoadWord, 4), ret}, 0xc000_003e},
		"ip":                     {[]Insn{stmt(opLoadWord, 8), ret}, 2},
		"ip, high":               {[]Insn{stmt(opLoadWord, 12), ret}, 1},
		"argument 0":             {[]Insn{stmt(opLoadWord, 16), ret}, 4},
		"argument 5, high":       {[]Insn{stmt(opLoadWord, 60), ret}, 0xfedc_ba98},
		"length":                 {[]Insn{stmt(opLoadLen, 0), ret}, 64},
		"length in X":            {[]Insn{stmt(opLoadXLen, 0), stmt(opTXA, 0), ret}, 64},
		"memory":                 {[]Insn{ld(7), stmt(opStore, 15), ld(0), stmt(opLoadXMem, 15), stmt(opTXA, 0), ret}, 7},
		"memory of X":            {[]Insn{ldx(9), stmt(opStoreX, 0), stmt(opLoadMem, 0), ret}, 9},
		"TAX":                    {[]Insn{ld(3), stmt(opTAX, 0), stmt(opAddX, 0), ret}, 6},
		"add":                    {[]Insn{ld(0xffff_ffff), stmt(opAddK, 3), ret}, 2},
		"subtract":               {[]Insn{ld(1), ldx(3), stmt(opSubX, 0), stmt(opSubK, 1), ret}, 0xffff_fffd},
		"multiply":               {[]Insn{ld(0x1_0001), ldx(0x1_0001), stmt(opMulX, 0), stmt(opMulK, 2), ret}, 0x4_0002},
		"divide":                 {[]Insn{ld(0xffff_fff0), ldx(16), stmt(opDivX, 0), stmt(opDivK, 5), ret}, 0x333_3333},
		"divide by X of 0":       {[]Insn{ld(5), stmt(opDivX, 0), stmt(opRetK, 9)}, 0},
		"and":                    {[]Insn{ld(0xff), ldx(0x3c), stmt(opAndX, 0), stmt(opAndK, 0x18), ret}, 0x18},
		"or":                     {[]Insn{ld(1), ldx(2), stmt(opOrX, 0), stmt(opOrK, 4), ret}, 7},
		"xor":                    {[]Insn{ld(5), ldx(6), stmt(opXorX, 0), stmt(opXorK, 8), ret}, 11},
		"shift left":             {[]Insn{ld(1), ldx(33), stmt(opLshX, 0), stmt(opLshK, 2), ret}, 8},
		"shift right":            {[]Insn{ld(0x8000_0000), ldx(32), stmt(opRshX, 0), stmt(opRshK, 31), ret}, 1},
		"negate":                 {[]Insn{ld(1), stmt(opNeg, 0), ret}, 0xffff_ffff},
		"jump":                   {[]Insn{stmt(opJump, 1), stmt(opRetK, 1), stmt(opRetK, 2)}, 2},
		"equal":                  {[]Insn{ld(5), jump(opJeqK, 5, 1, 0), stmt(opRetK, 1), stmt(opRetK, 2)}, 2},
		"not equal":              {[]Insn{ld(5), jump(opJeqX, 5, 1, 0), stmt(opRetK, 1), stmt(opRetK, 2)}, 1},
		"greater, no sign":       {[]Insn{ld(0xffff_ffff), jump(opJgtK, 1, 1, 0), stmt(opRetK, 1), stmt(opRetK, 2)}, 2},
		"greater than X":         {[]Insn{jump(opJgtX, 0, 1, 0), stmt(opRetK, 1), stmt(opRetK, 2)}, 1},
		"greater or equal":       {[]Insn{jump(opJgeX, 0, 1, 0), stmt(opRetK, 1), stmt(opRetK, 2)}, 2},
		"not greater or equal":   {[]Insn{jump(opJgeK, 1, 1, 0), stmt(opRetK, 1), stmt(opRetK, 2)}, 1},
		"a bit":                  {[]Insn{ld(6), jump(opJsetK, 4, 1, 0), stmt(opRetK, 1), stmt(opRetK, 2)}, 2},
		"no bit":                 {[]Insn{ld(6), ldx(9), jump(opJsetX, 4, 1, 0), stmt(opRetK, 1), stmt(opRetK, 2)}, 1},
	} {
		p, err := Compile(tt.code)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := p.run(&sample, 0); got != tt.want {
			t.Errorf("%s: %#x, want %#x", name, got, tt.want)
		}
	}
}

// decode makes instructions of bytes; every other one has a code that can be.
func decode(raw []byte) (code []Insn) {
	known := [...]uint16{
		opLoadWord, opLoadLen, opLoadImm, opLoadMem, opLoadXLen, opLoadXImm, opLoadXMem, opStore, opStoreX,
		opTAX, opTXA, opAddK, opAddX, opSubK, opSubX, opMulK, opMulX, opDivK, opDivX, opAndK, opAndX,
		opOrK, opOrX, opXorK, opXorX, opLshK, opLshX, opRshK, opRshX, opNeg, opJump, opJeqK, opJeqX,
		opJgtK, opJgtX, opJgeK, opJgeX, opJsetK, opJsetX, opRetK, opRetA,
	}
	for ; len(raw) >= InsnSize; raw = raw[InsnSize:] {
		i := Insn{binary.LittleEndian.Uint16(raw), raw[2], raw[3], binary.LittleEndian.Uint32(raw[4:])}
		if i.Code&0x8000 == 0 {
			i.Code = known[int(i.Code)%len(known)]
		}
		code = append(code, i)
	}
	return code
}

// What Compile accepts ends, does not panic, comes to a return, and does what the
// bits of its instructions say, from the beginning as well as from where NewFilter says
// that it matters. What is always allowed is allowed.
func FuzzProgram(f *testing.F) {
	f.Add([]byte{}, uint64(0))
	f.Add(binary.LittleEndian.AppendUint64(nil, 0x7fff_0000_0000_0027), uint64(1))
	f.Fuzz(func(t *testing.T, raw []byte, arg uint64) {
		p, err := Compile(decode(raw))
		if err != nil {
			return
		}
		d := sample
		d.Nr, d.Args[0], d.Args[3] = int32(arg%cachedCalls), uintptr(arg), uintptr(^arg)
		want, ok := interpret(p.code, &d)
		if got := p.run(&d, 0); !ok || got != want {
			t.Fatalf("%#x, want %#x, %v", got, want, ok)
		}
		f := NewFilter(p, d.Arch)
		if got := p.run(&d, int(f.starts[d.Nr])); got != want {
			t.Fatalf("from %d %#x, want %#x", f.starts[d.Nr], got, want)
		}
		if f.AlwaysAllows(int(d.Nr)) && want != uint32(Allow) {
			t.Fatalf("always allowed, but %#x", want)
		}
		if p.size < len(p.code)+3 {
			t.Fatalf("size %d of %d", p.size, len(p.code))
		}
	})
}

// interpret is Run written in another way: by the parts of an instruction's code,
// and with errors for everything that may not be.
func interpret(code []Insn, d *Data) (v uint32, ok bool) {
	var raw []byte
	raw = binary.LittleEndian.AppendUint32(raw, uint32(d.Nr))
	raw = binary.LittleEndian.AppendUint32(raw, d.Arch)
	raw = binary.LittleEndian.AppendUint64(raw, d.IP)
	for _, a := range d.Args {
		raw = binary.LittleEndian.AppendUint64(raw, uint64(a))
	}
	var reg [2]uint32 // A, X
	mem := map[uint32]uint32{}
	for pc, steps := 0, 0; pc < len(code) && steps <= len(code); steps++ {
		i := code[pc]
		pc++
		operand := i.K
		if i.Code&bpfX != 0 {
			operand = reg[1]
		}
		switch class := i.Code & 7; class {
		case bpfLD, bpfLDX:
			switch i.Code & 0xe0 {
			case bpfIMM:
				reg[class] = i.K
			case bpfABS:
				if class == bpfLDX || i.K > 60 {
					return 0, false
				}
				reg[0] = binary.LittleEndian.Uint32(raw[i.K:])
			case bpfMEM:
				m, ok := mem[i.K]
				if !ok {
					return 0, false
				}
				reg[class] = m
			case bpfLEN:
				reg[class] = uint32(len(raw))
			default:
				return 0, false
			}
		case bpfST, bpfSTX:
			if i.K > 15 {
				return 0, false
			}
			mem[i.K] = reg[class-bpfST]
		case bpfALU:
			if i.Code&0xf0 == bpfDIV && operand == 0 {
				return 0, i.Code&bpfX != 0
			}
			if reg[0], ok = arithmetic(i.Code&0xf0, reg[0], operand); !ok {
				return 0, false
			}
		case bpfJMP:
			if i.Code&0xf0 == bpfJA {
				pc += int(i.K)
				continue
			}
			if map[uint16]bool{
				bpfJEQ: reg[0] == operand, bpfJGT: reg[0] > operand,
				bpfJGE: reg[0] >= operand, bpfJSET: reg[0]&operand != 0,
			}[i.Code&0xf0] {
				pc += int(i.Jt)
			} else {
				pc += int(i.Jf)
			}
		case bpfRET:
			if i.Code&bpfA != 0 {
				return reg[0], true
			}
			return i.K, true
		case bpfMISC:
			if i.Code&0xf8 == bpfTAX {
				reg[1] = reg[0]
			} else {
				reg[0] = reg[1]
			}
		}
	}
	return 0, false
}

func arithmetic(op uint16, a, b uint32) (uint32, bool) {
	switch op {
	case bpfADD:
		return a + b, true
	case bpfSUB:
		return a - b, true
	case bpfMUL:
		return a * b, true
	case bpfDIV:
		return a / b, true
	case bpfOR:
		return a | b, true
	case bpfAND:
		return a & b, true
	case bpfXOR:
		return a ^ b, true
	case bpfLSH:
		return a << (b & 31), true
	case bpfRSH:
		return a >> (b & 31), true
	case bpfNEG:
		return -a, true
	}
	return 0, false
}

func BenchmarkRun(b *testing.B) {
	p, err := Compile(allowList(16))
	if err != nil {
		b.Fatal(err)
	}
	d := Data{Nr: 15, Arch: sample.Arch}
	for b.Loop() {
		p.run(&d, 0)
	}
}

// allowList returns a program that allows the first n system calls to one
// architecture, one comparison for each.
func allowList(n int) []Insn {
	code := []Insn{
		stmt(opLoadWord, 4), jump(opJeqK, sample.Arch, 1, 0), stmt(opRetK, uint32(KillProcess)),
		stmt(opLoadWord, 0),
	}
	for nr := range n {
		code = append(code, jump(opJeqK, uint32(nr), uint8(n-nr), 0))
	}
	return append(code, stmt(opRetK, uint32(Errno)|1), stmt(opRetK, uint32(Allow)))
}
