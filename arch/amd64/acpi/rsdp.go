package acpi

// Layout of the root system description pointer (ACPI 5.2.5.3).
const (
	rsdpSignature = "RSD PTR "
	rsdpSize      = 20 // revision 0
	rsdpSize2     = 36 // revision 2 and later
)

// rootPointer reads the RSDP at pa. It returns the address of the XSDT (wide)
// or of the RSDT.
func (p *parser) rootPointer(pa uint64) (root uint64, wide, ok bool) {
	if pa == 0 {
		return 0, false, false
	}
	b, ok := p.read(pa, rsdpSize)
	if !ok || string(b[:8]) != rsdpSignature || checksum(b) != 0 {
		p.info.Note("ACPI: no valid root pointer at %#x.", pa)
		return 0, false, false
	}
	root = uint64(le.Uint32(b[16:]))
	if b[15] < 2 {
		return root, false, true
	}
	b, ok = p.read(pa, rsdpSize2)
	if !ok || le.Uint32(b[20:]) < rsdpSize2 || checksum(b) != 0 {
		p.info.Note("ACPI: the second half of the root pointer at %#x is not valid.", pa)
		return root, false, root != 0
	}
	if xsdt := le.Uint64(b[24:]); xsdt != 0 {
		return xsdt, true, true
	}
	return root, false, true
}

// searchRootPointer looks for the RSDP where a BIOS puts it: in the first KiB
// of the extended BIOS data area, or in the BIOS's read-only memory below
// 1 MiB, at a multiple of 16 (ACPI 5.2.5.1).
func (p *parser) searchRootPointer() (root uint64, wide, ok bool) {
	const ebdaSegment = 0x40e // real-mode segment of the EBDA, in the BIOS data area
	if b, ok := p.read(ebdaSegment, 2); ok {
		if ebda := uint64(le.Uint16(b)) << 4; ebda >= 0x400 {
			if root, wide, ok := p.searchIn(ebda, 1<<10); ok {
				return root, wide, true
			}
		}
	}
	return p.searchIn(0xe0000, 128<<10)
}

// searchIn looks for a valid RSDP in size bytes from pa.
func (p *parser) searchIn(pa uint64, size int) (root uint64, wide, ok bool) {
	const step = 16
	for end := pa + uint64(size); pa < end; pa += step {
		b, ok := p.read(pa, rsdpSize)
		if !ok || string(b[:8]) != rsdpSignature || checksum(b) != 0 {
			continue
		}
		if root, wide, ok := p.rootPointer(pa); ok {
			return root, wide, true
		}
	}
	return 0, false, false
}
