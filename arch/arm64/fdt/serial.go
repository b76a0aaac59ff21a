package fdt

import (
	"fmt"
	"slices"
	"strings"

	"onsen/arch/bootinfo"
)

// maxAlias bounds the numbers of serial ports.
const maxAlias = 64

// serial lists the serial ports. As in Linux, the alias serialN makes a port
// number N of its driver; ports without alias take the free numbers.
func (p *parser) serial() {
	aliases := p.serialAliases()
	used := make(map[string]bool)
	var named, unnamed []bootinfo.Serial
	p.walk(func(n *node) {
		port, prefix, ok := p.port(n)
		if !ok {
			return
		}
		port.Name = prefix
		if number, ok := aliases[n]; ok {
			port.Name = fmt.Sprint(prefix, number)
			used[port.Name] = true
			named = append(named, port)
			return
		}
		unnamed = append(unnamed, port)
	})
	next := make(map[string]int)
	for _, port := range unnamed {
		prefix := port.Name
		for port.Name = fmt.Sprint(prefix, next[prefix]); used[port.Name]; {
			next[prefix]++
			port.Name = fmt.Sprint(prefix, next[prefix])
		}
		used[port.Name] = true
		named = append(named, port)
	}
	slices.SortStableFunc(named, func(a, b bootinfo.Serial) int {
		if len(a.Name) != len(b.Name) {
			return len(a.Name) - len(b.Name)
		}
		return strings.Compare(a.Name, b.Name)
	})
	p.info.Serial = named
}

// serialAliases returns the numbers that /aliases gives to serial ports.
func (p *parser) serialAliases() map[*node]int {
	out := make(map[*node]int)
	aliases := p.root.child("aliases")
	if aliases == nil {
		return out
	}
	for number := range maxAlias {
		path := aliases.text(fmt.Sprint("serial", number))
		if n := p.root.lookup(path); path != "" && n != nil {
			out[n] = number
		}
	}
	return out
}

// port returns the serial port that n describes, and its driver's name prefix;
// ok is false if n is no port we can drive.
func (p *parser) port(n *node) (port bootinfo.Serial, prefix string, ok bool) {
	switch {
	case n.compatible("arm,pl011", "arm,sbsa-uart"):
		port = bootinfo.Serial{Kind: bootinfo.SerialPL011, RegWidth: 4}
		prefix = "ttyAMA"
	case n.compatible("brcm,bcm2835-aux-uart"):
		port = bootinfo.Serial{Kind: bootinfo.SerialMiniUART, RegShift: 2, RegWidth: 4}
		prefix = "ttyS"
	case n.compatible("ns16550a", "ns16550", "snps,dw-apb-uart"):
		port = bootinfo.Serial{Kind: bootinfo.Serial8250, RegWidth: 1}
		prefix = "ttyS"
	default:
		return port, "", false
	}
	if !n.available() {
		return port, "", false
	}
	blocks, err := n.registers()
	if err != nil {
		p.info.Note("%v: serial port ignored.", err)
		return port, "", false
	}
	port.Base, port.Size = blocks[0].Start, blocks[0].Size()
	if shift, ok := n.u32("reg-shift"); ok && shift <= 4 {
		port.RegShift = uint8(shift)
	}
	if width, ok := n.u32("reg-io-width"); ok && (width == 1 || width == 2 || width == 4) {
		port.RegWidth = uint8(width)
	}
	port.IRQ = noIRQ
	if irqs := p.interrupts(n); len(irqs) > 0 {
		port.IRQ = irqs[0]
	}
	port.ClockHz = p.clock(n)
	return port, prefix, true
}

// clock returns the frequency of the first clock of n, 0 if it is not a fixed
// one.
func (p *parser) clock(n *node) uint32 {
	if hz, ok := n.u32("clock-frequency"); ok {
		return hz
	}
	clocks, _ := n.property("clocks")
	if len(clocks) < 4 {
		return 0
	}
	source := p.phandles[be.Uint32(clocks)]
	if source == nil || !source.compatible("fixed-clock") {
		return 0
	}
	hz, _ := source.u32("clock-frequency")
	return hz
}

// rtc finds a PL031 clock.
func (p *parser) rtc() {
	n := p.findCompatible("arm,pl031")
	if n == nil {
		return
	}
	blocks, err := n.registers()
	if err != nil {
		p.info.Note("%v: clock ignored.", err)
		return
	}
	p.info.RTC = bootinfo.RTC{Kind: bootinfo.RTCPL031, Base: blocks[0], IRQ: noIRQ}
	if irqs := p.interrupts(n); len(irqs) > 0 {
		p.info.RTC.IRQ = irqs[0]
	}
}
