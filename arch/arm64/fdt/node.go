package fdt

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/u-root/u-root/pkg/dt"

	"onsen/arch/bootinfo"
)

// node is a dt.Node that knows its parent.
type node struct {
	*dt.Node
	parent   *node
	children []*node
}

// index builds the nodes below n.
func index(n *dt.Node, parent *node) *node {
	out := &node{Node: n, parent: parent}
	for _, child := range n.Children {
		out.children = append(out.children, index(child, out))
	}
	return out
}

// path returns the full name of the node.
func (n *node) path() string {
	switch {
	case n.parent == nil:
		return "/"
	case n.parent.parent == nil:
		return "/" + n.Name
	}
	return n.parent.path() + "/" + n.Name
}

// walk calls f on n and on every node below it, parents first.
func (n *node) walk(f func(*node)) {
	f(n)
	for _, c := range n.children {
		c.walk(f)
	}
}

// baseName returns the name without its unit address.
func (n *node) baseName() string {
	name, _, _ := strings.Cut(n.Name, "@")
	return name
}

// child returns the first child of that name, or nil. As in Linux, a name
// without unit address finds a node with one.
func (n *node) child(name string) *node {
	for _, c := range n.children {
		if c.Name == name {
			return c
		}
	}
	for _, c := range n.children {
		if c.baseName() == name {
			return c
		}
	}
	return nil
}

// lookup follows a path of node names from n; nil if it leads nowhere.
func (n *node) lookup(path string) *node {
	for name := range strings.SplitSeq(path, "/") {
		if name == "" {
			continue
		}
		if n = n.child(name); n == nil {
			return nil
		}
	}
	return n
}

// property returns the value of a property; ok is false if it is absent.
func (n *node) property(name string) (value []byte, ok bool) {
	p, ok := n.LookProperty(name)
	if !ok {
		return nil, false
	}
	return p.Value, true
}

// has reports whether the node has a property, empty or not.
func (n *node) has(name string) bool {
	_, ok := n.property(name)
	return ok
}

// u32 returns a property of exactly one cell.
func (n *node) u32(name string) (uint32, bool) {
	v, _ := n.property(name)
	if len(v) != 4 {
		return 0, false
	}
	return be.Uint32(v), true
}

// number returns a property of one or two cells: writers disagree about the
// width of some.
func (n *node) number(name string) (uint64, bool) {
	switch v, _ := n.property(name); len(v) {
	case 4:
		return uint64(be.Uint32(v)), true
	case 8:
		return be.Uint64(v), true
	}
	return 0, false
}

// texts returns the strings of a string list; nil if the property is absent.
func (n *node) texts(name string) []string {
	v, _ := n.property(name)
	if len(v) == 0 {
		return nil
	}
	return strings.Split(string(bytes.TrimSuffix(v, []byte{0})), "\x00")
}

// text returns the first string of a property, empty if it is absent.
func (n *node) text(name string) string {
	if s := n.texts(name); len(s) > 0 {
		return s[0]
	}
	return ""
}

// compatible reports whether the node is compatible with one of names.
func (n *node) compatible(names ...string) bool {
	return slices.ContainsFunc(n.texts("compatible"), func(s string) bool {
		return slices.Contains(names, s)
	})
}

// available reports whether the node may be used, DTSpec 2.3.4.
func (n *node) available() bool {
	if !n.has("status") {
		return true
	}
	s := n.text("status")
	return s == "okay" || s == "ok"
}

// cells returns how many cells the children of n use for an address and for a
// size, DTSpec 2.3.5. Counts that cannot be represented give an error.
func (n *node) cells() (address, size int, err error) {
	address, size = 2, 1
	if v, ok := n.u32("#address-cells"); ok {
		address = int(min(v, 1<<16))
	}
	if v, ok := n.u32("#size-cells"); ok {
		size = int(min(v, 1<<16))
	}
	if address < 1 || address > 2 || size > 2 {
		return 0, 0, fmt.Errorf("%s: cannot read addresses of %d and sizes of %d cells", n.path(), address, size)
	}
	return address, size, nil
}

// takeCells reads a number of n (0, 1 or 2) cells and returns what follows.
func takeCells(b []byte, n int) (v uint64, rest []byte) {
	for range n {
		v = v<<32 | uint64(be.Uint32(b))
		b = b[4:]
	}
	return v, b
}

// ranges decodes property name of n as address and size pairs in the address
// space of its parent.
func (n *node) ranges(name string) ([]bootinfo.Range, error) {
	if n.parent == nil {
		return nil, fmt.Errorf("%s: no parent", n.path())
	}
	address, size, err := n.parent.cells()
	if err != nil {
		return nil, err
	}
	v, ok := n.property(name)
	if !ok {
		return nil, fmt.Errorf("%s: no %s", n.path(), name)
	}
	entry := 4 * (address + size)
	if len(v) == 0 || len(v)%entry != 0 {
		return nil, fmt.Errorf("%s: %s of %d bytes, entries have %d", n.path(), name, len(v), entry)
	}
	var out []bootinfo.Range
	for len(v) > 0 {
		var start, length uint64
		start, v = takeCells(v, address)
		length, v = takeCells(v, size)
		out = append(out, bootinfo.RangeOf(start, length))
	}
	return out, nil
}

// registers returns the node's reg blocks as physical addresses.
func (n *node) registers() ([]bootinfo.Range, error) {
	blocks, err := n.ranges("reg")
	if err != nil {
		return nil, err
	}
	for i, b := range blocks {
		start, err := n.parent.translate(b)
		if err != nil {
			return nil, err
		}
		blocks[i] = bootinfo.RangeOf(start, b.Size())
	}
	return blocks, nil
}

var errNoTranslation = errors.New("has no translation to physical addresses")

// translate returns the physical address of a block on the bus n, going up
// through the ranges properties, DTSpec 2.3.8.
func (n *node) translate(block bootinfo.Range) (uint64, error) {
	start := block.Start
	for bus := n; bus.parent != nil; bus = bus.parent {
		table, ok := bus.property("ranges")
		if !ok {
			return 0, fmt.Errorf("%s: %#x %w", bus.path(), start, errNoTranslation)
		}
		if len(table) == 0 {
			continue // identity
		}
		var err error
		if start, err = bus.translateOnce(table, bootinfo.RangeOf(start, block.Size())); err != nil {
			return 0, err
		}
	}
	return start, nil
}

// translateOnce looks a block up in the ranges table of one bus.
func (n *node) translateOnce(table []byte, block bootinfo.Range) (uint64, error) {
	childCells, sizeCells, err := n.cells()
	if err != nil {
		return 0, err
	}
	parentCells, _, err := n.parent.cells()
	if err != nil {
		return 0, err
	}
	entry := 4 * (childCells + parentCells + sizeCells)
	if len(table)%entry != 0 {
		return 0, fmt.Errorf("%s: ranges of %d bytes, entries have %d", n.path(), len(table), entry)
	}
	for len(table) > 0 {
		var from, to, size uint64
		from, table = takeCells(table, childCells)
		to, table = takeCells(table, parentCells)
		size, table = takeCells(table, sizeCells)
		if block.Start >= from && block.Start-from < size {
			return to + (block.Start - from), nil
		}
	}
	return 0, fmt.Errorf("%s: %#x %w", n.path(), block.Start, errNoTranslation)
}
