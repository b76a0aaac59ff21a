package arm64

import "testing"

func TestHWCAP(t *testing.T) {
	const (
		// What Linux 6.1 shows on the CPU, without evtstrm (bit 2) and cpuid (bit 11), which are
		// about what the kernel does.
		a53 = hwcapFP | hwcapASIMD | hwcapAES | hwcapPMULL | hwcapSHA1 | hwcapSHA2 | hwcapCRC32
		n1  = a53 | hwcapATOMICS | hwcapFPHP | hwcapASIMDHP | hwcapASIMDRDM | hwcapLRCPC | hwcapDCPOP | hwcapASIMDDP
	)
	for _, test := range []struct {
		name string
		id   [idRegisters]uint64
		want uint64
	}{
		{"Cortex-A53", [...]uint64{idISAR0: 0x1_1120, idISAR1: 0, idPFR0: 0x2222}, a53},
		{"Cortex-A72 without cryptography", [...]uint64{idISAR0: 0x1_0000, idISAR1: 0, idPFR0: 0x2222},
			hwcapFP | hwcapASIMD | hwcapCRC32},
		{"Neoverse N1", [...]uint64{idISAR0: 0x1000_1021_1120, idISAR1: 0x10_0001, idPFR0: 0x1100_0000_1111_2222}, n1},
		{"no vector unit", [...]uint64{idISAR0: 0, idISAR1: 0, idPFR0: 0xff_0000}, 0},
		{"SHA3, SHA512, SM and DIT", [...]uint64{idISAR0: 0x111_0000_2000, idISAR1: 0, idPFR0: 0x1_0000_00ff_0000},
			hwcapSHA2 | hwcapSHA512 | hwcapSHA3 | hwcapSM3 | hwcapSM4 | hwcapDIT},
	} {
		if got := hwcap(&test.id); got != test.want {
			t.Errorf("%s: %#x, want %#x", test.name, got, test.want)
		}
	}
}
