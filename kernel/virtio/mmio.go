// Package virtio drives virtio devices (Virtual I/O Device, version 1.2), mapped
// into memory or on PCI, as far as the kernel itself needs one: a console port to
// write to, on which a monitor outside follows the processes.
//
// TamaGo's driver of the same devices does not build for arm64: it imports
// packages of amd64.
package virtio

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Registers of a device in memory (virtio 1.2, 4.2.2).
const (
	regMagic             = 0x000
	regVersion           = 0x004
	regDeviceID          = 0x008
	regDriverFeatures    = 0x020
	regDriverFeaturesSel = 0x024
	regQueueSel          = 0x030
	regQueueNumMax       = 0x034
	regQueueNum          = 0x038
	regQueueReady        = 0x044
	regQueueNotify       = 0x050
	regStatus            = 0x070
	regQueueDesc         = 0x080
	regQueueDriver       = 0x090
	regQueueDevice       = 0x0a0

	magic         = 0x74726976 // "virt"
	versionModern = 2          // 4.2.2; 1 is the legacy interface of 4.2.4
)

// Bits of the status register (2.1).
const (
	statusAcknowledge = 1
	statusDriver      = 2
	statusDriverOK    = 4
	statusFeaturesOK  = 8
)

// featureVersion1 is VIRTIO_F_VERSION_1 (6), bit 0 of the second word.
const featureVersion1 = 1

// IDConsole is the type of a console device (5.3).
const IDConsole = 3

// Errors of Probe and OpenConsole.
var (
	// ErrNoDevice says that there is no device behind the registers.
	ErrNoDevice = errors.New("virtio: no device")
	// ErrLegacy says that the device has the interface of before version 1.
	ErrLegacy = errors.New("virtio: a legacy device (QEMU needs -global virtio-mmio.force-legacy=false)")
	// ErrDevice says that the device does not do what the standard asks for.
	ErrDevice = errors.New("virtio: the device refuses")
)

// Registers are a device's. They are read and written in order, 32 bits at once.
type Registers interface {
	Read(offset uintptr) uint32
	Write(offset uintptr, v uint32)
}

// Probe returns the type of the device behind r: one of the ID constants or
// another number of section 5. Errors: ErrNoDevice, ErrLegacy.
func Probe(r Registers) (id uint32, err error) {
	if r.Read(regMagic) != magic || r.Read(regDeviceID) == 0 {
		return 0, ErrNoDevice
	}
	if r.Read(regVersion) != versionModern {
		return 0, ErrLegacy
	}
	return r.Read(regDeviceID), nil
}

// resetTries is how often a device is asked whether it has been reset.
const resetTries = 100_000

// negotiate resets the device and agrees with it on no feature but the standard
// itself (3.1.1).
func negotiate(r Registers) error {
	r.Write(regStatus, 0)
	for tries := 0; r.Read(regStatus) != 0; tries++ { // 4.1.4.3.2
		if tries == resetTries {
			return ErrDevice
		}
	}
	r.Write(regStatus, statusAcknowledge)
	r.Write(regStatus, statusAcknowledge|statusDriver)
	r.Write(regDriverFeaturesSel, 0)
	r.Write(regDriverFeatures, 0)
	r.Write(regDriverFeaturesSel, 1)
	r.Write(regDriverFeatures, featureVersion1)
	r.Write(regStatus, statusAcknowledge|statusDriver|statusFeaturesOK)
	if r.Read(regStatus)&statusFeaturesOK == 0 {
		return ErrDevice
	}
	return nil
}

// Device is where a device is, in Linux's words for it.
type Device struct {
	Base, Size uint64 // physical
	IRQ        int    // as the command line numbers it; not used by a writer
}

// ParseDevice reads Linux's virtio_mmio.device=<size>@<base>:<irq>[:<id>], which
// QEMU's microvm adds to the command line.
func ParseDevice(s string) (d Device, err error) {
	size, rest, ok1 := strings.Cut(s, "@")
	base, rest, ok2 := strings.Cut(rest, ":")
	irq, _, _ := strings.Cut(rest, ":")
	if !ok1 || !ok2 {
		return d, fmt.Errorf("virtio_mmio.device=%s: want <size>@<base>:<irq>", s)
	}
	if d.Size, err = parseSize(size); err == nil {
		if d.Base, err = strconv.ParseUint(base, 0, 64); err == nil {
			d.IRQ, err = strconv.Atoi(irq)
		}
	}
	switch {
	case err != nil:
		return Device{}, fmt.Errorf("virtio_mmio.device=%s: %w", s, err)
	case d.Size < 0x100 || d.Size > 1<<20 || d.Base%4 != 0 || d.Base+d.Size < d.Base || d.IRQ < 0:
		return Device{}, fmt.Errorf("virtio_mmio.device=%s: out of range", s)
	}
	return d, nil
}

// parseSize reads a number that may end in K.
func parseSize(s string) (uint64, error) {
	unit := uint64(1)
	if n := len(s); n > 0 && (s[n-1] == 'K' || s[n-1] == 'k') {
		unit, s = 1024, s[:n-1]
	}
	n, err := strconv.ParseUint(s, 0, 32)
	return n * unit, err
}
