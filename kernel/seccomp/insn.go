package seccomp

// Insn is an instruction as a program hands it in: struct sock_filter.
type Insn struct {
	Code   uint16
	Jt, Jf uint8 // how many instructions a conditional jump skips
	K      uint32
}

// InsnSize is the size of Insn.
const InsnSize = 8

// MaxInsns is the most instructions that a program may have; BPF_MAXINSNS.
const MaxInsns = 4096

// memWords is the size of the scratch memory in words; BPF_MEMWORDS.
const memWords = 16

// Parts of Insn.Code (include/uapi/linux/bpf_common.h): the class, and what the
// class makes of the other bits.
const (
	bpfLD   = 0x00
	bpfLDX  = 0x01
	bpfST   = 0x02
	bpfSTX  = 0x03
	bpfALU  = 0x04
	bpfJMP  = 0x05
	bpfRET  = 0x06
	bpfMISC = 0x07

	bpfW   = 0x00 // loads
	bpfIMM = 0x00
	bpfABS = 0x20
	bpfMEM = 0x60
	bpfLEN = 0x80

	bpfADD = 0x00 // arithmetic
	bpfSUB = 0x10
	bpfMUL = 0x20
	bpfDIV = 0x30
	bpfOR  = 0x40
	bpfAND = 0x50
	bpfLSH = 0x60
	bpfRSH = 0x70
	bpfNEG = 0x80
	bpfXOR = 0xa0

	bpfJA   = 0x00 // jumps
	bpfJEQ  = 0x10
	bpfJGT  = 0x20
	bpfJGE  = 0x30
	bpfJSET = 0x40

	bpfK = 0x00 // the other operand is Insn.K, the index register
	bpfX = 0x08
	bpfA = 0x10 // the accumulator is returned

	bpfTAX = 0x00
	bpfTXA = 0x80
)

// The instructions that a filter may have, each with all its bits.
const (
	opLoadWord = bpfLD | bpfW | bpfABS
	opLoadLen  = bpfLD | bpfW | bpfLEN
	opLoadImm  = bpfLD | bpfIMM
	opLoadMem  = bpfLD | bpfMEM
	opLoadXLen = bpfLDX | bpfW | bpfLEN
	opLoadXImm = bpfLDX | bpfIMM
	opLoadXMem = bpfLDX | bpfMEM
	opStore    = bpfST
	opStoreX   = bpfSTX
	opTAX      = bpfMISC | bpfTAX
	opTXA      = bpfMISC | bpfTXA

	opAddK = bpfALU | bpfADD | bpfK
	opAddX = bpfALU | bpfADD | bpfX
	opSubK = bpfALU | bpfSUB | bpfK
	opSubX = bpfALU | bpfSUB | bpfX
	opMulK = bpfALU | bpfMUL | bpfK
	opMulX = bpfALU | bpfMUL | bpfX
	opDivK = bpfALU | bpfDIV | bpfK
	opDivX = bpfALU | bpfDIV | bpfX
	opAndK = bpfALU | bpfAND | bpfK
	opAndX = bpfALU | bpfAND | bpfX
	opOrK  = bpfALU | bpfOR | bpfK
	opOrX  = bpfALU | bpfOR | bpfX
	opXorK = bpfALU | bpfXOR | bpfK
	opXorX = bpfALU | bpfXOR | bpfX
	opLshK = bpfALU | bpfLSH | bpfK
	opLshX = bpfALU | bpfLSH | bpfX
	opRshK = bpfALU | bpfRSH | bpfK
	opRshX = bpfALU | bpfRSH | bpfX
	opNeg  = bpfALU | bpfNEG

	opJump  = bpfJMP | bpfJA
	opJeqK  = bpfJMP | bpfJEQ | bpfK
	opJeqX  = bpfJMP | bpfJEQ | bpfX
	opJgtK  = bpfJMP | bpfJGT | bpfK
	opJgtX  = bpfJMP | bpfJGT | bpfX
	opJgeK  = bpfJMP | bpfJGE | bpfK
	opJgeX  = bpfJMP | bpfJGE | bpfX
	opJsetK = bpfJMP | bpfJSET | bpfK
	opJsetX = bpfJMP | bpfJSET | bpfX

	opRetK = bpfRET | bpfK
	opRetA = bpfRET | bpfA
)
