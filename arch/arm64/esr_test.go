package arm64

import (
	"testing"

	"onsen/arch/spec"
)

func TestFaultOf(t *testing.T) {
	const (
		far = 0xffff_4000_1234_5678
		pc  = 0xffff_ffff_8000_4321
	)
	tests := []struct {
		name string
		esr  uint64
		kind spec.FaultKind
		addr uintptr
	}{
		// As QEMU and hardware report them: IL (bit 25) is set for 32-bit
		// instructions.
		{"read of an unmapped page, level 3", 0x96000007, spec.FaultTranslation, far},
		{"read in the disabled half, level 0", 0x96000004, spec.FaultTranslation, far},
		{"write of an unmapped page", 0x96000047, spec.FaultTranslation, far},
		{"write of a read-only page", 0x9600004f, spec.FaultAccess, far},
		{"access flag", 0x9600000b, spec.FaultAccess, far},
		{"address size", 0x96000000, spec.FaultAccess, far},
		{"unaligned device access", 0x96000061, spec.FaultOther, far},
		{"external abort", 0x96000010, spec.FaultOther, far},
		{"execution of an unmapped page", 0x86000006, spec.FaultTranslation, far},
		{"execution of data", 0x8600000f, spec.FaultAccess, far},
		{"data abort of a program", 0x92000046, spec.FaultTranslation, far},
		{"instruction abort of a program", 0x8200000f, spec.FaultAccess, far},
		{"jump to an odd address", 0x8a000000, spec.FaultOther, far},
		{"unaligned stack", 0x9a000000, spec.FaultOther, pc},
		{"undefined instruction", 0x02000000, spec.FaultIllegal, pc},
		{"trapped vector instruction", 0x1fe00000, spec.FaultIllegal, pc},
		{"trapped system register", 0x622c0001, spec.FaultIllegal, pc},
		{"illegal state", 0x3a000000, spec.FaultIllegal, pc},
		{"BRK", 0xf2000000, spec.FaultBreakpoint, pc},
		{"single step", 0xca000022, spec.FaultOther, pc},
		{"system error", 0xbe000000, spec.FaultOther, pc},
	}
	for _, test := range tests {
		if kind := faultOf(test.esr); kind != test.kind {
			t.Errorf("%s (%#x): kind %d, want %d", test.name, test.esr, kind, test.kind)
		}
		if addr := faultAddress(test.esr, far, pc); addr != test.addr {
			t.Errorf("%s (%#x): address %#x, want %#x", test.name, test.esr, addr, test.addr)
		}
	}
	if ec := uint64(0x56000000) >> ecShift & ecMask; ec != ecSVC {
		t.Errorf("SVC has class %#x", ec)
	}
}
