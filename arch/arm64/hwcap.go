package arm64

// Bits of AT_HWCAP, Linux's include/uapi/asm/hwcap.h.
const (
	hwcapFP       = 1 << 0
	hwcapASIMD    = 1 << 1
	hwcapAES      = 1 << 3
	hwcapPMULL    = 1 << 4
	hwcapSHA1     = 1 << 5
	hwcapSHA2     = 1 << 6
	hwcapCRC32    = 1 << 7
	hwcapATOMICS  = 1 << 8
	hwcapFPHP     = 1 << 9
	hwcapASIMDHP  = 1 << 10
	hwcapASIMDRDM = 1 << 12
	hwcapJSCVT    = 1 << 13
	hwcapFCMA     = 1 << 14
	hwcapLRCPC    = 1 << 15
	hwcapDCPOP    = 1 << 16
	hwcapSHA3     = 1 << 17
	hwcapSM3      = 1 << 18
	hwcapSM4      = 1 << 19
	hwcapASIMDDP  = 1 << 20
	hwcapSHA512   = 1 << 21
	hwcapASIMDFHM = 1 << 23
	hwcapDIT      = 1 << 24
	hwcapILRCPC   = 1 << 26
	hwcapFLAGM    = 1 << 27
	hwcapSB       = 1 << 29
)

// Bits of AT_HWCAP2.
const (
	hwcap2DCPODP = 1 << 0
	hwcap2FLAGM2 = 1 << 7
	hwcap2FRINT  = 1 << 8
	hwcap2I8MM   = 1 << 13
	hwcap2BF16   = 1 << 14
	hwcap2DGH    = 1 << 15
	hwcap2RNG    = 1 << 16
)

// Identification registers that AT_HWCAP is made from.
const (
	idISAR0 = iota // ID_AA64ISAR0_EL1
	idISAR1        // ID_AA64ISAR1_EL1
	idPFR0         // ID_AA64PFR0_EL1
	idRegisters
)

// A feature is what a bit of AT_HWCAP needs: an unsigned four-bit field of an
// identification register that is at least min.
type feature struct {
	bit             uint32
	reg, shift, min uint8
}

// features and features2 are those of AT_HWCAP and AT_HWCAP2. They follow
// arm64_elf_hwcaps in Linux's arch/arm64/kernel/cpufeature.c, without what
// needs more than the processor: SVE and SME, pointer authentication, branch
// targets, memory tags, and the identification registers themselves, which
// programs cannot read (HWCAP_CPUID).
var features = [...]feature{
	{hwcapAES, idISAR0, 4, 1},
	{hwcapPMULL, idISAR0, 4, 2},
	{hwcapSHA1, idISAR0, 8, 1},
	{hwcapSHA2, idISAR0, 12, 1},
	{hwcapSHA512, idISAR0, 12, 2},
	{hwcapCRC32, idISAR0, 16, 1},
	{hwcapATOMICS, idISAR0, 20, 2},
	{hwcapASIMDRDM, idISAR0, 28, 1},
	{hwcapSHA3, idISAR0, 32, 1},
	{hwcapSM3, idISAR0, 36, 1},
	{hwcapSM4, idISAR0, 40, 1},
	{hwcapASIMDDP, idISAR0, 44, 1},
	{hwcapASIMDFHM, idISAR0, 48, 1},
	{hwcapDCPOP, idISAR1, 0, 1},
	{hwcapJSCVT, idISAR1, 12, 1},
	{hwcapFCMA, idISAR1, 16, 1},
	{hwcapLRCPC, idISAR1, 20, 1},
	{hwcapDIT, idPFR0, 48, 1},
	{hwcapILRCPC, idISAR1, 20, 2},
	{hwcapFLAGM, idISAR0, 52, 1},
	{hwcapSB, idISAR1, 36, 1},
}

var features2 = [...]feature{
	{hwcap2DCPODP, idISAR1, 0, 2},
	{hwcap2FLAGM2, idISAR0, 52, 2},
	{hwcap2FRINT, idISAR1, 32, 1},
	{hwcap2I8MM, idISAR1, 52, 1},
	{hwcap2BF16, idISAR1, 44, 1},
	{hwcap2DGH, idISAR1, 48, 1},
	{hwcap2RNG, idISAR0, 60, 1},
}

// Fields of ID_AA64PFR0_EL1 where 15 says that there is no such unit at all, 0
// that there is, and 1 that it knows half precision.
const (
	fpShift   = 16
	simdShift = 20
	noUnit    = 15
)

// field returns the unsigned four-bit field of an identification register that
// starts at bit shift.
//
//go:nosplit
func field(reg uint64, shift uint8) uint8 { return uint8(reg >> (shift & 63) & 15) }

// hwcap returns AT_HWCAP.
//
//go:nosplit
func hwcap(id *[idRegisters]uint64) uint64 {
	caps := uint64(0)
	if v := field(id[idPFR0], fpShift); v != noUnit {
		caps |= hwcapFP
		if v >= 1 {
			caps |= hwcapFPHP
		}
	}
	if v := field(id[idPFR0], simdShift); v != noUnit {
		caps |= hwcapASIMD
		if v >= 1 {
			caps |= hwcapASIMDHP
		}
	}
	return caps | match(id, features[:])
}

// hwcap2 returns AT_HWCAP2.
//
//go:nosplit
func hwcap2(id *[idRegisters]uint64) uint64 { return match(id, features2[:]) }

// match returns the bits of the features that there are.
//
//go:nosplit
func match(id *[idRegisters]uint64, list []feature) (caps uint64) {
	for i := range list {
		f := &list[i]
		if field(id[f.reg%idRegisters], f.shift) >= f.min {
			caps |= uint64(f.bit)
		}
	}
	return caps
}
