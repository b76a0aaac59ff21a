package sched

import (
	"math/bits"

	"onsen/arch/spec"
)

// CPUMask is a set of CPUs, bit n for CPU n.
type CPUMask uint64

// AllCPUs contains every CPU there can be.
const AllCPUs = CPUMask(1<<(spec.MaxCPUs-1)<<1 - 1)

// MaskOf returns the set of only cpu.
func MaskOf(cpu int) CPUMask { return 1 << uint(cpu&(spec.MaxCPUs-1)) }

// Has reports whether cpu is in the set.
func (m CPUMask) Has(cpu int) bool { return m>>uint(cpu&(spec.MaxCPUs-1))&1 != 0 }

// Count returns the number of CPUs in the set.
func (m CPUMask) Count() int { return bits.OnesCount64(uint64(m)) }

// First returns the lowest CPU of the set.
//
// Preconditions: the set is not empty.
func (m CPUMask) First() int { return bits.TrailingZeros64(uint64(m)) }

// After returns the set's first CPU above cpu, or its lowest if there is none.
//
// Preconditions: the set is not empty.
func (m CPUMask) After(cpu int) int {
	if above := m &^ (MaskOf(cpu)<<1 - 1); above != 0 {
		return above.First()
	}
	return m.First()
}
