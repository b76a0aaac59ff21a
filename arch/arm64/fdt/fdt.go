// Package fdt turns a flattened device tree into a bootinfo.Info. The tree
// itself is parsed by u-root's pkg/dt; this package first checks what that
// parser takes on trust (check.go), then interprets the nodes.
//
// References: Devicetree Specification v0.4 ("DTSpec"), and the bindings that
// come with Linux (Documentation/devicetree/bindings).
//
// The package is pure and never trusts its input: a damaged tree gives an
// error, an odd one a line in Info.Diagnostics, and neither a panic, a loop or
// an allocation out of proportion to the tree's size.
package fdt

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/u-root/u-root/pkg/dt"

	"onsen/arch/bootinfo"
)

// Parse interprets a device tree. The blob may be longer than the tree. The
// result shares no memory with it.
//
// The caller knows what the tree cannot say, and adds it: which CPU it runs on
// (Info.MarkBootCPU with its MPIDR_EL1 affinity) and where kernel and tree lie
// (Info.Reserve).
//
// A tree without usable memory is an error: nothing can run there.
func Parse(blob []byte) (*bootinfo.Info, error) {
	packed, err := pack(blob)
	if err != nil {
		return nil, fmt.Errorf("device tree: %w", err)
	}
	tree, err := dt.ReadFDT(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("device tree: %w", err)
	}
	p := &parser{
		info: &bootinfo.Info{Firmware: "device tree"},
		root: index(tree.RootNode, nil),

		phandles: make(map[uint32]*node),
	}
	p.walk(func(n *node) {
		if phandle, ok := n.u32("phandle"); ok {
			p.phandles[phandle] = n
		}
	})

	p.model()
	p.memory(tree.ReserveEntries)
	if len(p.info.Memory) == 0 {
		return nil, errors.New("device tree: no memory")
	}
	p.cpus(uint64(tree.Header.BootCpuidPhys))
	p.interruptController()
	p.timer()
	p.psci()
	p.serial()
	p.rtc()
	p.virtio()
	p.chosen()
	return p.info, nil
}

// parser is the state of one Parse: the tree and what is known so far.
type parser struct {
	info       *bootinfo.Info
	root       *node
	phandles   map[uint32]*node
	controller *node // the root interrupt controller, nil if unknown
}

// walk calls f on every node, parents first.
func (p *parser) walk(f func(*node)) { p.root.walk(f) }

// findCompatible returns the first available node that is compatible with one
// of names, or nil.
func (p *parser) findCompatible(names ...string) (found *node) {
	p.walk(func(n *node) {
		if found == nil && n.compatible(names...) && n.available() {
			found = n
		}
	})
	return found
}

// model sets the machine's name.
func (p *parser) model() {
	p.info.Model = p.root.text("model")
	if p.info.Model != "" {
		return
	}
	if names := p.root.texts("compatible"); len(names) > 0 {
		p.info.Model = names[0]
	}
}
