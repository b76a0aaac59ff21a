package arm64

import "onsen/arch/spec"

// Translation table descriptors for 4 KiB pages and four levels, Arm ARM D8.3.
const (
	descValid = 1 << 0
	descTable = 1<<1 | descValid // levels 0 to 2: address of the next table
	descBlock = 0<<1 | descValid // levels 1 and 2
	descPage  = 1<<1 | descValid // level 3

	descDevice   = attrDevice << 2 // AttrIndx
	descReadOnly = 1 << 7          // AP[2]
	descInner    = 3 << 8          // SH: inner shareable
	descAccessed = 1 << 10         // AF
	descPXN      = 1 << 53         // no execution at EL1
	descUXN      = 1 << 54         // no execution at EL0

	descAddress = 0x0000_ffff_ffff_f000
)

// Indices into MAIR_EL1, and its value: normal write-back memory, and
// Device-nGnRE. Arm ARM D19.2, MAIR_EL1.
const (
	attrNormal = 0
	attrDevice = 1

	mairValue = 0xff<<(8*attrNormal) | 0x04<<(8*attrDevice)
)

// Attributes of kernel mappings, without the bits that tell pages from blocks.
const (
	attrText   = descAccessed | descInner | descUXN | descReadOnly
	attrRodata = descAccessed | descInner | descUXN | descPXN | descReadOnly
	attrData   = descAccessed | descInner | descUXN | descPXN
)

// attributes returns the descriptor bits for a kernel mapping.
//
//go:nosplit
func attributes(p spec.Prot) uint64 {
	d := uint64(descAccessed | descUXN)
	if p&spec.ProtDevice != 0 {
		d |= descDevice
	} else {
		d |= descInner
	}
	if p&spec.ProtW == 0 {
		d |= descReadOnly
	}
	if p&spec.ProtX == 0 {
		d |= descPXN
	}
	return d
}

// Levels of translation tables: 0 is the root, 3 holds pages.
const (
	pageLevel     = 3
	largestBlock  = 1 // 1 GiB; a level 0 entry is always a table
	tableEntries  = 512
	tableMask     = tableEntries - 1
	levelBits     = 9
	pageLevelBits = 12
)

// levelShift returns log2 of what one entry of a table of this level covers.
//
//go:nosplit
func levelShift(level uint) uint { return pageLevelBits + levelBits*((pageLevel-level)&3) }

// levelSize returns how many bytes one entry of a table of this level covers.
//
//go:nosplit
func levelSize(level uint) uintptr { return 1 << (levelShift(level) & 63) }

// tableIndex returns which entry of a table of this level translates va.
//
//go:nosplit
func tableIndex(va uintptr, level uint) uintptr { return va >> (levelShift(level) & 63) & tableMask }

// isTable reports whether an entry of a table of this level points to another
// table.
//
//go:nosplit
func isTable(d uint64, level uint) bool { return level < pageLevel && d&3 == descTable }

// leaf returns the descriptor of a page or block at pa.
//
//go:nosplit
func leaf(pa uintptr, attr uint64, level uint) uint64 {
	if level == pageLevel {
		return uint64(pa) | attr | descPage
	}
	return uint64(pa) | attr | descBlock
}
