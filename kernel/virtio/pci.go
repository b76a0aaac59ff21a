package virtio

import "errors"

// What this driver reads and writes of a PCI function's configuration space (PCI
// Local Bus Specification 3.0, 6.1).
const (
	pciID           = 0x00 // vendor, and from bit 16 on the device
	pciCommand      = 0x04 // and from bit 16 on the status
	pciBar0         = 0x10
	pciSubsystem    = 0x2c // vendor, and from bit 16 on the device
	pciCapabilities = 0x34

	pciCommandMemory      = 1 << 1
	pciCommandMaster      = 1 << 2
	pciCommandIntxDisable = 1 << 10
	pciStatusCapabilities = 1 << 4 << 16

	pciBarIO     = 1 << 0
	pciBarType   = 3 << 1
	pciBarType64 = 2 << 1
	pciBars      = 6

	pciCapVendor = 0x09 // the id of a vendor's own capability
)

// PCIVendor is the vendor of virtio's functions (virtio 1.2, 4.1.2).
const PCIVendor = 0x1af4

// Device numbers of virtio's functions (4.1.2, 4.1.2.3).
const (
	pciTransitionalFirst = 0x1000 // the type is the subsystem's number
	pciModernFirst       = 0x1040 // and the type
	pciModernEnd         = 0x1080
)

// Values of cfg_type in a capability (4.1.4).
const (
	pciCapCommon = 1
	pciCapNotify = 2
)

// The common configuration structure (4.1.4.3).
const (
	commonDriverFeatureSelect = 0x08
	commonDriverFeature       = 0x0c
	commonStatus              = 0x14 // 8 bits
	commonQueueSelect         = 0x16 // 16 bits, as all that follow but addresses
	commonQueueSize           = 0x18
	commonQueueEnable         = 0x1c
	commonQueueNotifyOff      = 0x1e
	commonQueueDesc           = 0x20
	commonQueueDriver         = 0x28
	commonQueueDevice         = 0x30
	commonSize                = 0x38
)

// PCIConfig is a PCI function's configuration space. Offsets are multiples of 4.
type PCIConfig interface {
	Read(offset uint32) uint32
	Write(offset uint32, v uint32)
}

// Window is a piece of a function's memory. It is accessed in order, with the
// width, in bits, that a field has (4.1.3.1).
type Window interface {
	Load(offset uintptr, width int) uint32
	Store(offset uintptr, width int, v uint32)
}

// MapFunc makes physical memory accessible, nil if it cannot be.
type MapFunc func(pa, size uint64) Window

// errPCI says that a function does not describe itself as the standard asks for.
var errPCI = errors.New("virtio: the PCI function has no usable virtio capabilities")

// pciRegisters shows a function as the registers of a device in memory, of which
// the rest of the package knows.
type pciRegisters struct {
	id         uint32
	common     Window
	notify     Window
	multiplier uint32 // of queue_notify_off
	room       uint32 // bytes of notify
}

// PCIType returns the type of a virtio device on PCI, 0 for any other function.
func PCIType(c PCIConfig) uint32 {
	id := c.Read(pciID)
	switch device := id >> 16; {
	case id&0xffff != PCIVendor:
		return 0
	case device >= pciModernFirst && device < pciModernEnd:
		return device - pciModernFirst
	case device >= pciTransitionalFirst && device < pciModernFirst:
		return c.Read(pciSubsystem) >> 16
	}
	return 0
}

// OpenPCI returns the registers of the virtio device behind c, and lets it use
// memory. Errors: ErrNoDevice, ErrLegacy for one of before version 1, and one for a
// function that contradicts the standard.
func OpenPCI(c PCIConfig, mapMemory MapFunc) (Registers, error) {
	r := &pciRegisters{id: PCIType(c)}
	if r.id == 0 {
		return nil, ErrNoDevice
	}
	if c.Read(pciCommand)&pciStatusCapabilities == 0 {
		return nil, ErrLegacy
	}
	c.Write(pciCommand, c.Read(pciCommand)&0xffff|pciCommandMemory|pciCommandMaster|pciCommandIntxDisable)
	virtioCaps := 0
	// A list that is no list ends after as many entries as there is room for.
	at := c.Read(pciCapabilities) & 0xfc
	for range (0x100 - 0x40) / 4 {
		if at < 0x40 {
			break
		}
		head := c.Read(at)
		if head&0xff == pciCapVendor {
			virtioCaps++
			if err := r.takeCapability(c, at, head>>24, mapMemory); err != nil {
				return nil, err
			}
		}
		at = head >> 8 & 0xfc
	}
	switch {
	case virtioCaps == 0:
		return nil, ErrLegacy
	case r.common == nil || r.notify == nil:
		return nil, errPCI
	}
	return r, nil
}

// takeCapability takes the first structure of each type, as 4.1.4.1 asks for.
func (r *pciRegisters) takeCapability(c PCIConfig, at, kind uint32, mapMemory MapFunc) (err error) {
	switch {
	case kind == pciCapCommon && r.common == nil:
		r.common, err = mapCapability(c, at, commonSize, mapMemory)
	case kind == pciCapNotify && r.notify == nil:
		if at > 0x100-20 {
			return errPCI
		}
		r.room, r.multiplier = c.Read(at+12), c.Read(at+16)
		r.notify, err = mapCapability(c, at, 2, mapMemory)
	}
	return err
}

// mapCapability maps what struct virtio_pci_cap at a place describes, which is
// least bytes at least.
func mapCapability(c PCIConfig, at, least uint32, mapMemory MapFunc) (Window, error) {
	if at > 0x100-16 {
		return nil, errPCI
	}
	bar, offset, size := c.Read(at+4)&0xff, c.Read(at+8), c.Read(at+12)
	base, ok := pciBar(c, bar)
	// No virtio device comes near the limit on the size.
	if !ok || size < least || size > 1<<20 || base+uint64(offset)+uint64(size) < base || offset%4 != 0 {
		return nil, errPCI
	}
	if w := mapMemory(base+uint64(offset), uint64(size)); w != nil {
		return w, nil
	}
	return nil, errPCI
}

// pciBar returns where the memory of a base address register is.
func pciBar(c PCIConfig, n uint32) (base uint64, ok bool) {
	if n >= pciBars {
		return 0, false
	}
	low := c.Read(pciBar0 + 4*n)
	base = uint64(low &^ 0xf)
	switch {
	case low&pciBarIO != 0:
		return 0, false
	case low&pciBarType == pciBarType64:
		if n+1 == pciBars {
			return 0, false
		}
		base |= uint64(c.Read(pciBar0+4*n+4)) << 32
	case low&pciBarType != 0:
		return 0, false
	}
	return base, base != 0
}

// commonField is where a register of a device in memory is in the common
// configuration structure of one on PCI.
var commonField = map[uintptr]struct {
	offset uintptr
	width  int
}{
	regDriverFeatures:    {commonDriverFeature, 32},
	regDriverFeaturesSel: {commonDriverFeatureSelect, 32},
	regQueueSel:          {commonQueueSelect, 16},
	regQueueNumMax:       {commonQueueSize, 16},
	regQueueNum:          {commonQueueSize, 16},
	regQueueReady:        {commonQueueEnable, 16},
	regStatus:            {commonStatus, 8},
	regQueueDesc:         {commonQueueDesc, 32},
	regQueueDesc + 4:     {commonQueueDesc + 4, 32},
	regQueueDriver:       {commonQueueDriver, 32},
	regQueueDriver + 4:   {commonQueueDriver + 4, 32},
	regQueueDevice:       {commonQueueDevice, 32},
	regQueueDevice + 4:   {commonQueueDevice + 4, 32},
}

// Read implements Registers.
func (r *pciRegisters) Read(offset uintptr) uint32 {
	switch offset {
	case regMagic:
		return magic
	case regVersion:
		return versionModern
	case regDeviceID:
		return r.id
	}
	f, ok := commonField[offset]
	if !ok {
		return 0
	}
	return r.common.Load(f.offset, f.width)
}

// Write implements Registers. The queue that is notified is the one that was
// selected last.
func (r *pciRegisters) Write(offset uintptr, v uint32) {
	if offset == regQueueNotify {
		at := uint64(r.common.Load(commonQueueNotifyOff, 16)) * uint64(r.multiplier)
		if at+2 <= uint64(r.room) {
			r.notify.Store(uintptr(at), 16, v)
		}
		return
	}
	if f, ok := commonField[offset]; ok {
		r.common.Store(f.offset, f.width, v)
	}
}
