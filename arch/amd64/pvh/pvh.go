// Package pvh reads the boot information of the PVH boot protocol, by which
// QEMU, Firecracker, Cloud Hypervisor and Xen start a kernel.
//
// Reference: Xen's public/arch-x86/hvm/start_info.h, version 1 of the
// structure. All fields are little endian.
//
// The package is pure and never trusts its input; the boot loader may have
// left anything.
package pvh

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"onsen/arch/bootinfo"
)

// Magic is the first word of the start information: "xEn3" with bit 7 of the E
// set.
const Magic = 0x336ec578

const (
	startInfoSize = 56
	moduleSize    = 32
	memmapSize    = 24

	maxMemmap      = 1024
	maxCommandLine = 4096
)

// Types of memory map entries, those of the BIOS call E820 (ACPI 6.5, table
// 15.2).
const (
	typeNone     = 0 // an unused entry, as QEMU's microvm firmware leaves them
	typeRAM      = 1
	typeReserved = 2
	typeACPI     = 3
	typeNVS      = 4
	typeUnusable = 5
	typeDisabled = 6
	typePMEM     = 7
)

var typeNames = map[uint32]string{
	typeReserved: "firmware",
	typeACPI:     "ACPI tables",
	typeNVS:      "ACPI NVS",
	typeUnusable: "unusable",
	typeDisabled: "disabled",
	typePMEM:     "persistent memory",
}

var le = binary.LittleEndian

// Parse reads the start information at address pa. It fills what PVH tells:
// memory, command line and initrd; rsdp is where the ACPI tables begin, 0 if
// the boot loader did not say.
//
// Start information that cannot be read, and a memory map without RAM, are
// errors.
func Parse(read bootinfo.Reader, pa uint64) (info *bootinfo.Info, rsdp uint64, err error) {
	b, ok := read(pa, startInfoSize)
	if !ok {
		return nil, 0, fmt.Errorf("PVH: start information at %#x is not readable", pa)
	}
	b = bytes.Clone(b)
	if got := le.Uint32(b); got != Magic {
		return nil, 0, fmt.Errorf("PVH: magic number is %#x, want %#x", got, Magic)
	}
	version, modules := le.Uint32(b[4:]), le.Uint32(b[12:])
	moduleList, commandLine := le.Uint64(b[16:]), le.Uint64(b[24:])
	rsdp = le.Uint64(b[32:])
	memmap, entries := le.Uint64(b[40:]), le.Uint32(b[48:])
	if version < 1 {
		return nil, 0, errors.New("PVH: version 0 has no memory map; need version 1")
	}

	info = &bootinfo.Info{Firmware: "PVH"}
	if err := readMemory(info, read, memmap, entries); err != nil {
		return nil, 0, err
	}
	info.CommandLine = readCommandLine(info, read, commandLine)
	readModules(info, read, moduleList, modules)
	return info, rsdp, nil
}

// readMemory fills Memory and Reserved from the memory map.
func readMemory(info *bootinfo.Info, read bootinfo.Reader, pa uint64, entries uint32) error {
	if entries > maxMemmap {
		info.Note("The memory map has %d entries: using the first %d.", entries, maxMemmap)
		entries = maxMemmap
	}
	table, ok := read(pa, int(entries)*memmapSize)
	if !ok {
		return fmt.Errorf("PVH: memory map of %d entries at %#x is not readable", entries, pa)
	}
	var ram []bootinfo.Range
	for ; len(table) >= memmapSize; table = table[memmapSize:] {
		r := bootinfo.RangeOf(le.Uint64(table), le.Uint64(table[8:]))
		switch kind := le.Uint32(table[16:]); kind {
		case typeNone:
		case typeRAM:
			ram = append(ram, r)
		default:
			why := typeNames[kind]
			if why == "" {
				why = fmt.Sprintf("type %d", kind)
			}
			info.Reserve(r, why)
		}
	}
	if info.Memory = bootinfo.Merge(ram); len(info.Memory) == 0 {
		return errors.New("PVH: the memory map has no RAM")
	}
	return nil
}

// readCommandLine reads a NUL-terminated string, page by page because nothing
// is known about what follows its end. One that is too long is cut.
func readCommandLine(info *bootinfo.Info, read bootinfo.Reader, pa uint64) string {
	if pa == 0 {
		return ""
	}
	const page = 4096
	var line []byte
	for len(line) < maxCommandLine {
		at := pa + uint64(len(line))
		b, ok := read(at, min(page-int(at%page), maxCommandLine-len(line)))
		if !ok {
			info.Note("The command line at %#x is not readable: ignored.", pa)
			return ""
		}
		if end := bytes.IndexByte(b, 0); end >= 0 {
			return string(append(line, b[:end]...))
		}
		line = append(line, b...)
	}
	info.Note("The command line is longer than %d bytes: cut.", maxCommandLine)
	return string(line)
}

// readModules takes the first module as initrd. The others, and what the boot
// loader says about them, have no meaning here.
func readModules(info *bootinfo.Info, read bootinfo.Reader, pa uint64, n uint32) {
	if n == 0 {
		return
	}
	b, ok := read(pa, moduleSize)
	if !ok {
		info.Note("The module list at %#x is not readable: no initrd.", pa)
		return
	}
	info.SetInitrd(bootinfo.RangeOf(le.Uint64(b), le.Uint64(b[8:])))
	if n > 1 {
		info.Note("There are %d modules: only the first is used, as initrd.", n)
	}
}
