package check

import "regexp"

// undecoded has the instructions that x/arch does not decode, as the Arm
// Architecture Reference Manual for A-profile (DDI 0487) encodes them.
var undecoded = map[uint32]string{
	0xd4000002: "hvc #0",        // C6.2, HVC with imm16 = 0
	0xd4000003: "smc #0",        // C6.2, SMC with imm16 = 0
	0xd508711f: "ic ialluis",    // C5.3, IC IALLUIS
	0xd508751f: "ic iallu",      // C5.3, IC IALLU
	0xd500409f: "msr pan, #0x0", // C6.2, MSR (immediate) with PSTATE.PAN
	0xd500419f: "msr pan, #0x1", // the same
}

// systemRegisters has the registers that Go's assembler does not know by name,
// with their op0, op1, CRn, CRm and op2 in the way x/arch shows them: DDI 0487,
// part D, under the name of the register; ICC_*: the GIC specification
// (IHI 0069), chapter 12.
var systemRegisters = map[string]string{
	"vpidr_el2":   "s3_4_c0_c0_0",
	"vmpidr_el2":  "s3_4_c0_c0_5",
	"sctlr_el2":   "s3_4_c1_c0_0",
	"hcr_el2":     "s3_4_c1_c1_0",
	"mdcr_el2":    "s3_4_c1_c1_1",
	"cptr_el2":    "s3_4_c1_c1_2",
	"hstr_el2":    "s3_4_c1_c1_3",
	"vttbr_el2":   "s3_4_c2_c1_0",
	"spsr_el2":    "s3_4_c4_c0_0",
	"elr_el2":     "s3_4_c4_c0_1",
	"vbar_el2":    "s3_4_c12_c0_0",
	"icc_sre_el2": "s3_4_c12_c9_5",
	"cntvoff_el2": "s3_4_c14_c0_3",
	"cnthctl_el2": "s3_4_c14_c1_0",
}

var word = regexp.MustCompile(`[a-z][a-z0-9_]*`)

// nameless replaces the names of system registers by their encodings.
func nameless(text string) string {
	return word.ReplaceAllStringFunc(text, func(name string) string {
		if s, ok := systemRegisters[name]; ok {
			return s
		}
		return name
	})
}
