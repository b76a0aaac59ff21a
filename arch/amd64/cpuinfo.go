//go:build metal && amd64

package amd64

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// CPUInfo returns what /proc/cpuinfo shows of a CPU behind its number, in Linux's
// words. All CPUs are taken to be like this one.
func CPUInfo(int) string {
	_, b, c, d := CPUID(0, 0)
	a, _, _, _ := CPUID(1, 0)
	stepping, model, family := a&0xf, a>>4&0xf, a>>8&0xf
	// The extended fields (SDM vol. 2, CPUID).
	if family == 0xf {
		family += a >> 20 & 0xff
	}
	if family >= 6 {
		model += a >> 16 & 0xf << 4
	}
	return fmt.Sprintf("vendor_id\t: %s\ncpu family\t: %d\nmodel\t\t: %d\nmodel name\t: %s\nstepping\t: %d\ncpu MHz\t\t: %d.%03d\n",
		registerText(b, d, c), family, model, modelName(), stepping, CounterHz()/1e6, CounterHz()/1e3%1e3)
}

// modelName returns the brand string: leaves 0x80000002 to 0x80000004.
func modelName() string {
	const first, last = 0x80000002, 0x80000004
	if most, _, _, _ := CPUID(0x80000000, 0); most < last {
		return "unknown"
	}
	var name strings.Builder
	for leaf := uint32(first); leaf <= last; leaf++ {
		name.WriteString(registerText(CPUID(leaf, 0)))
	}
	return strings.TrimSpace(strings.TrimRight(name.String(), "\x00"))
}

// registerText returns the characters in some registers.
func registerText(regs ...uint32) string {
	var b []byte
	for _, r := range regs {
		b = binary.LittleEndian.AppendUint32(b, r)
	}
	return string(b)
}
