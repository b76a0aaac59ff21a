package qemu

import (
	"debug/elf"
	"debug/gosym"
	"fmt"
)

// Symbols turns addresses of a Go image into functions and lines.
type Symbols struct{ table *gosym.Table }

// ReadSymbols reads the line table of the ELF file of a Go program.
func ReadSymbols(file string) (*Symbols, error) {
	f, err := elf.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines, text := f.Section(".gopclntab"), f.Section(".text")
	if lines == nil || text == nil {
		return nil, fmt.Errorf("%s: not a Go program: no .gopclntab", file)
	}
	data, err := lines.Data()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	table, err := gosym.NewTable(nil, gosym.NewLineTable(data, text.Addr))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return &Symbols{table}, nil
}

// Contain reports whether pc is in a function of the program.
func (s *Symbols) Contain(pc uint64) bool {
	return s != nil && s.table.PCToFunc(pc) != nil
}

// Describe names the code at pc: "pkg.Func+0x12 (file:line)", or only the
// number if pc is not in the program. A nil *Symbols knows no program.
func (s *Symbols) Describe(pc uint64) string {
	if s != nil {
		if file, line, fn := s.table.PCToLine(pc); fn != nil {
			return fmt.Sprintf("%#x %s+%#x (%s:%d)", pc, fn.Name, pc-fn.Entry, file, line)
		}
	}
	return fmt.Sprintf("%#x", pc)
}
