package arm64

import "testing"

func TestCPUInfo(t *testing.T) {
	// What Linux 6.1 shows on the CPU, but for "cpuid" and "evtstrm".
	const want = "BogoMIPS\t: 125.00\n" +
		"Features\t: fp asimd aes pmull sha1 sha2 crc32\n" +
		"CPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: 0xd03\nCPU revision\t: 4\n"
	const caps = hwcapFP | hwcapASIMD | hwcapAES | hwcapPMULL | hwcapSHA1 | hwcapSHA2 | hwcapCRC32
	if got := cpuInfo(0x410fd034, caps, 0, 62500000); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for bit, name := range hwcapNames {
		known := uint64(hwcapFP|hwcapASIMD|hwcapFPHP|hwcapASIMDHP)>>bit&1 != 0
		for _, f := range features {
			known = known || f.bit == 1<<bit
		}
		if known != (name != "") {
			t.Errorf("bit %d of AT_HWCAP is %q", bit, name)
		}
	}
	for bit, name := range hwcap2Names {
		known := false
		for _, f := range features2 {
			known = known || f.bit == 1<<bit
		}
		if known != (name != "") {
			t.Errorf("bit %d of AT_HWCAP2 is %q", bit, name)
		}
	}
}
