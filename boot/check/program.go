package check

import (
	"cmp"
	"debug/elf"
	"debug/gosym"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// A program is a linked kernel: its functions, its memory, its line numbers.
type program struct {
	machine   elf.Machine
	functions []*function // by address
	names     map[string]*function
	memory    []memory
	text      uint64 // where the code begins
	lines     *gosym.Table
}

type function struct {
	name       string
	start, end uint64
}

// memory is what the file has for the addresses from start.
type memory struct {
	start uint64
	data  []byte
}

func newProgram(f *elf.File) (*program, error) {
	p := &program{machine: f.Machine, names: make(map[string]*function)}
	if err := p.addFunctions(f); err != nil {
		return nil, err
	}
	for _, prog := range f.Progs {
		if prog.Type != elf.PT_LOAD {
			continue
		}
		data, err := io.ReadAll(prog.Open())
		if err != nil {
			return nil, err
		}
		p.memory = append(p.memory, memory{prog.Vaddr, data})
	}
	section, text := f.Section(".gopclntab"), p.names["runtime.text"]
	if section == nil || text == nil {
		return nil, errors.New("not a Go program")
	}
	table, err := section.Data()
	if err != nil {
		return nil, err
	}
	p.text = text.start
	p.lines, err = gosym.NewTable(nil, gosym.NewLineTable(table, text.start))
	return p, err
}

func (p *program) addFunctions(f *elf.File) error {
	symbols, err := f.Symbols()
	if err != nil {
		return err
	}
	for _, s := range symbols {
		if elf.ST_TYPE(s.Info) != elf.STT_FUNC {
			continue
		}
		fn := &function{name: s.Name, start: s.Value, end: s.Value + s.Size}
		p.names[s.Name] = fn
		if s.Size > 0 {
			p.functions = append(p.functions, fn)
		}
	}
	slices.SortFunc(p.functions, func(a, b *function) int { return cmp.Compare(a.start, b.start) })
	return nil
}

// lookup returns a function by name: the one in assembly if there is also a
// wrapper for Go code.
func (p *program) lookup(name string) *function {
	if fn := p.names[name+".abi0"]; fn != nil {
		return fn
	}
	return p.names[name]
}

// at returns the function that begins at an address, or nil.
func (p *program) at(addr uint64) *function {
	i, ok := slices.BinarySearchFunc(p.functions, addr, func(fn *function, addr uint64) int {
		return cmp.Compare(fn.start, addr)
	})
	if !ok {
		return nil
	}
	return p.functions[i]
}

// code returns the instructions of a function.
func (p *program) code(fn *function) ([]byte, error) {
	for _, m := range p.memory {
		if fn.start >= m.start && fn.end >= fn.start && fn.end-m.start <= uint64(len(m.data)) {
			return m.data[fn.start-m.start : fn.end-m.start], nil
		}
	}
	return nil, fmt.Errorf("%s is not in the file", fn.name)
}

// word returns the 8 bytes at an address, or 0 if the file has none for it.
func (p *program) word(addr uint64) uint64 {
	for _, m := range p.memory {
		if off := addr - m.start; addr >= m.start && off+8 > off && off+8 <= uint64(len(m.data)) {
			return binary.LittleEndian.Uint64(m.data[off:])
		}
	}
	return 0
}

// assembly reports whether fn was written in assembly.
func (p *program) assembly(fn *function) bool {
	file, _, _ := p.lines.PCToLine(fn.start)
	return strings.HasSuffix(file, ".s")
}
