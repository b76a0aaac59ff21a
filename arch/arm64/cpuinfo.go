package arm64

import (
	"fmt"
	"strings"
)

// Names of the bits of AT_HWCAP and AT_HWCAP2, as far as hwcap and hwcap2 can set
// them; hwcap_str in Linux's arch/arm64/kernel/cpuinfo.c.
var (
	hwcapNames = [...]string{
		0: "fp", 1: "asimd", 3: "aes", 4: "pmull", 5: "sha1", 6: "sha2", 7: "crc32", 8: "atomics", 9: "fphp",
		10: "asimdhp", 12: "asimdrdm", 13: "jscvt", 14: "fcma", 15: "lrcpc", 16: "dcpop", 17: "sha3", 18: "sm3",
		19: "sm4", 20: "asimddp", 21: "sha512", 23: "asimdfhm", 24: "dit", 26: "ilrcpc", 27: "flagm", 29: "sb",
	}
	hwcap2Names = [...]string{0: "dcpodp", 7: "flagm2", 8: "frint", 13: "i8mm", 14: "bf16", 15: "dgh", 16: "rng"}
)

// cpuInfo returns what /proc/cpuinfo shows of a CPU behind its number, in Linux's
// words. midr is MIDR_EL1, hz the frequency of the counter.
func cpuInfo(midr, hwcap, hwcap2, hz uint64) string {
	var features []string
	for i, name := range hwcapNames {
		if hwcap>>i&1 != 0 {
			features = append(features, name)
		}
	}
	for i, name := range hwcap2Names {
		if hwcap2>>i&1 != 0 {
			features = append(features, name)
		}
	}
	// Fields of MIDR_EL1: Arm ARM D19.2. Linux's delay loop counts two per tick.
	return fmt.Sprintf("BogoMIPS\t: %d.%02d\nFeatures\t: %s\nCPU implementer\t: %#02x\n"+
		"CPU architecture: 8\nCPU variant\t: %#x\nCPU part\t: %#03x\nCPU revision\t: %d\n",
		hz/500000, hz/5000%100, strings.Join(features, " "), midr>>24&0xff,
		midr>>20&0xf, midr>>4&0xfff, midr&0xf)
}
