package fdt

import (
	"bytes"
	"strings"

	"onsen/arch/bootinfo"
)

// chosen reads what the boot loader says: command line, initrd, entropy and
// console. It needs memory and serial ports to be known.
func (p *parser) chosen() {
	n := p.root.child("chosen")
	if n == nil {
		p.info.Note("The device tree has no /chosen node.")
		p.console("")
		return
	}
	p.info.CommandLine = n.text("bootargs")
	seed, _ := n.property("rng-seed")
	p.info.Seed = bytes.Clone(seed)
	p.initrd(n)

	path := n.text("stdout-path")
	if path == "" {
		path = n.text("linux,stdout-path") // before 2014
	}
	p.console(path)
}

// initrd reads the place of the initrd; the two numbers have one or two cells.
func (p *parser) initrd(n *node) {
	if !n.has("linux,initrd-start") && !n.has("linux,initrd-end") {
		return
	}
	start, okStart := n.number("linux,initrd-start")
	end, okEnd := n.number("linux,initrd-end")
	if !okStart || !okEnd {
		p.info.Note("%s: malformed linux,initrd-start or -end: no initrd.", n.path())
		return
	}
	p.info.SetInitrd(bootinfo.Range{Start: start, End: end})
}

// console makes the port that stdout-path names the console. The path may
// start with an alias, and options may follow a colon (DTSpec 3.6). Without a
// usable path the first port is the console.
func (p *parser) console(path string) {
	name, options, _ := strings.Cut(path, ":")
	if name != "" && !strings.HasPrefix(name, "/") {
		alias, rest, _ := strings.Cut(name, "/")
		if aliases := p.root.child("aliases"); aliases != nil {
			name = aliases.text(alias) + "/" + rest
		}
	}
	if n := p.root.lookup(name); name != "" && n != nil && n != p.root {
		if port, _, ok := p.port(n); ok {
			for _, s := range p.info.Serial {
				if s.Kind == port.Kind && s.Base == port.Base {
					s.Options = options
					p.info.Console = s
					return
				}
			}
		}
	}
	if path != "" {
		p.info.Note("stdout-path %q names no serial port we can drive.", path)
	}
	if len(p.info.Serial) > 0 {
		p.info.Console = p.info.Serial[0]
		return
	}
	p.info.Note("The device tree has no serial port we can drive.")
}
