//go:build metal && amd64

package amd64

import (
	"fmt"

	"github.com/usbarmory/tamago/soc/intel/pci"

	"onsen/arch/spec"
)

// pciFunction is function 0 of a device.
type pciFunction struct{ *pci.Device }

// Read implements spec.PCIFunction.
func (f pciFunction) Read(offset uint32) uint32 { return f.Device.Read(0, offset) }

// Write implements spec.PCIFunction.
func (f pciFunction) Write(offset uint32, v uint32) { f.Device.Write(0, offset, v) }

// String implements spec.PCIFunction.
func (f pciFunction) String() string { return fmt.Sprintf("0000:%02x:%02x.0", f.Bus, f.Slot) }

// PCIFunctions returns the functions 0 on the first PCI bus, where QEMU puts what
// it is not told to put elsewhere. Without a PCI bus nobody answers at its ports,
// and there are none. It is called at start-up only: address and data are two
// ports, which no lock keeps together. Ordinary Go.
func PCIFunctions() []spec.PCIFunction {
	var all []spec.PCIFunction
	for _, d := range pci.Devices(0) {
		all = append(all, pciFunction{d})
	}
	return all
}
