// Package acpi reads the static ACPI tables that a kernel needs to start on a
// PC: processors and interrupt controllers (MADT), power and timers (FADT,
// HPET), the console (SPCR), and from the bytecode only the values of \_S5.
//
// Reference: ACPI Specification 6.5 ("ACPI").
//
// The package is pure and never trusts its input. A table that is damaged is
// noted and left out; what it would have said is then unknown, or assumed as
// the documentation of Fill says.
package acpi

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"onsen/arch/bootinfo"
)

// Limits of what we are willing to read. Real machines have up to about 50
// tables; a DSDT of a laptop can have 500 KiB.
const (
	maxTables    = 256
	maxTableSize = 4 << 20
	maxCPUs      = 4096 // entries kept of the MADT
)

// Layout of the header that all tables but the RSDP share (ACPI 5.2.6).
const headerSize = 36

var le = binary.LittleEndian

// ErrNoTables says that the machine has no usable ACPI tables.
var ErrNoTables = errors.New("ACPI: no tables")

// Fill adds to info what the ACPI tables tell. rsdp is where the boot loader
// says they begin; with 0 they are searched for in the BIOS's memory.
//
// Without ACPI, or without its MADT, Fill assumes a uniprocessor PC: one CPU,
// its local APIC at 0xfee00000, one I/O APIC at 0xfec00000 with the ISA
// interrupts in order except the timer on input 2. The older MP tables are
// not read. COM1 to COM4, the CMOS clock and the 8254 are assumed unless the
// tables deny them. Without any table the error is ErrNoTables, and info holds
// these assumptions.
func Fill(read bootinfo.Reader, rsdp uint64, info *bootinfo.Info) error {
	p := &parser{read: read, info: info}
	p.legacyDevices()
	err := p.findTables(rsdp)
	if err == nil {
		info.Firmware += ", ACPI"
		p.fadt()
		p.s5()
		p.hpet()
		p.spcr()
	}
	if err != nil || !p.madt() {
		p.assumeUniprocessor()
	}
	p.mapISA()
	return err
}

// parser is the state of one Fill.
type parser struct {
	read   bootinfo.Reader
	info   *bootinfo.Info
	tables []table
}

// table is a checked copy of one table.
type table struct {
	signature string
	bytes     []byte
}

// find returns the bytes of the first table with that signature, nil if there
// is none that has at least size bytes.
func (p *parser) find(signature string, size int) []byte {
	for _, t := range p.tables {
		if t.signature != signature {
			continue
		}
		if len(t.bytes) < size {
			p.info.Note("ACPI table %s has only %d bytes: ignored.", signature, len(t.bytes))
			return nil
		}
		return t.bytes
	}
	return nil
}

// findTables reads the root pointer and all tables it leads to.
func (p *parser) findTables(rsdp uint64) error {
	root, wide, ok := p.rootPointer(rsdp)
	if !ok {
		root, wide, ok = p.searchRootPointer()
	}
	if !ok {
		return ErrNoTables
	}
	signature, entry := "RSDT", 4
	if wide {
		signature, entry = "XSDT", 8
	}
	list, ok := p.table(root)
	if !ok || list.signature != signature {
		p.info.Note("ACPI: no valid %s at %#x.", signature, root)
		return ErrNoTables
	}
	entries := list.bytes[headerSize:]
	for i := 0; len(entries) >= entry; i++ {
		if i == maxTables {
			p.info.Note("ACPI: more than %d tables; the rest is ignored.", maxTables)
			break
		}
		address := uint64(le.Uint32(entries))
		if wide {
			address = le.Uint64(entries)
		}
		entries = entries[entry:]
		if address == 0 {
			continue
		}
		if t, ok := p.table(address); ok {
			p.tables = append(p.tables, t)
		}
	}
	return nil
}

// table copies and checks the table at an address.
func (p *parser) table(pa uint64) (t table, ok bool) {
	header, ok := p.read(pa, headerSize)
	if !ok {
		p.info.Note("ACPI table at %#x is not readable: ignored.", pa)
		return t, false
	}
	t.signature = printable(header[:4])
	length := le.Uint32(header[4:])
	if length < headerSize || length > maxTableSize {
		p.info.Note("ACPI table %s at %#x: implausible length %d: ignored.", t.signature, pa, length)
		return t, false
	}
	b, ok := p.read(pa, int(length))
	if !ok {
		p.info.Note("ACPI table %s at %#x: not all of its %d bytes are readable: ignored.", t.signature, pa, length)
		return t, false
	}
	if sum := checksum(b); sum != 0 {
		p.info.Note("ACPI table %s at %#x: checksum is off by %#x: ignored.", t.signature, pa, sum)
		return t, false
	}
	t.bytes = bytes.Clone(b)
	return t, true
}

// printable returns a signature as text that cannot harm a log.
func printable(b []byte) string {
	for _, c := range b {
		if c < ' ' || c > '~' {
			return fmt.Sprintf("%x", b)
		}
	}
	return string(b)
}

// checksum returns the sum of all bytes, which is 0 in a valid structure.
func checksum(b []byte) (sum byte) {
	for _, c := range b {
		sum += c
	}
	return sum
}
