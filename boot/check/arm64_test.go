package check

import (
	"fmt"
	"regexp"
	"strings"
)

// undecoded has the instructions that x/arch does not decode, as the Arm
// Architecture Reference Manual for A-profile (DDI 0487) encodes them.
var undecoded = map[uint32]string{
	0xd4000002: "hvc #0",        // C6.2, HVC with imm16 = 0
	0xd4000003: "smc #0",        // C6.2, SMC with imm16 = 0
	0xd508711f: "ic ialluis",    // C5.3, IC IALLUIS
	0xd508751f: "ic iallu",      // C5.3, IC IALLU
	0xd5087820: "at s1e1w, x0",  // C5.4, AT S1E1W
	0xd500409f: "msr pan, #0x0", // C6.2, MSR (immediate) with PSTATE.PAN
	0xd500419f: "msr pan, #0x1", // the same
}

// systemRegisters has the registers that Go's assembler does not know by name,
// with their op0, op1, CRn, CRm and op2 in the way x/arch shows them: DDI 0487,
// part D, under the name of the register; ICC_* and ICH_*: the GIC
// specification (IHI 0069), chapter 12.
var systemRegisters = map[string]string{
	"RNDR":        "s3_3_c2_c4_0",
	"VPIDR_EL2":   "s3_4_c0_c0_0",
	"VMPIDR_EL2":  "s3_4_c0_c0_5",
	"SCTLR_EL2":   "s3_4_c1_c0_0",
	"HCR_EL2":     "s3_4_c1_c1_0",
	"MDCR_EL2":    "s3_4_c1_c1_1",
	"CPTR_EL2":    "s3_4_c1_c1_2",
	"HSTR_EL2":    "s3_4_c1_c1_3",
	"HFGRTR_EL2":  "s3_4_c1_c1_4",
	"HFGWTR_EL2":  "s3_4_c1_c1_5",
	"HFGITR_EL2":  "s3_4_c1_c1_6",
	"VTTBR_EL2":   "s3_4_c2_c1_0",
	"HDFGRTR_EL2": "s3_4_c3_c1_4",
	"HDFGWTR_EL2": "s3_4_c3_c1_5",
	"SPSR_EL2":    "s3_4_c4_c0_0",
	"ELR_EL2":     "s3_4_c4_c0_1",
	"VBAR_EL2":    "s3_4_c12_c0_0",
	"ICC_SRE_EL2": "s3_4_c12_c9_5",
	"ICH_HCR_EL2": "s3_4_c12_c11_0",
	"CNTVOFF_EL2": "s3_4_c14_c0_3",
	"CNTHCTL_EL2": "s3_4_c14_c1_0",
}

var (
	remark   = regexp.MustCompile(`^(.*) \(([^()]*)\)$`)
	encoded  = regexp.MustCompile(`\bs[0-3]_[0-7]_c[0-9]+_c[0-9]+_[0-7]\b`)
	register = regexp.MustCompile(`^[A-Z0-9]+_EL[0-3]$`)
)

// cutRemark takes the remark in parentheses off a comment: where the manual has
// the instruction, or the name of the system register in it, which must be
// right.
func cutRemark(text string) (string, error) {
	name := ""
	if m := remark.FindStringSubmatch(text); m != nil {
		text, name = m[1], m[2]
	}
	code := encoded.FindString(strings.ToLower(text))
	switch {
	case code == "" && !register.MatchString(name):
		return text, nil
	case systemRegisters[name] == "":
		return "", fmt.Errorf("%q: %q is not a known system register", text, name)
	case systemRegisters[name] != code:
		return "", fmt.Errorf("%q: %s is %s", text, name, systemRegisters[name])
	}
	return text, nil
}
