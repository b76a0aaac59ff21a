package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Result is what was measured on one architecture. Zero means not measured.
type Result struct {
	Operations  []Operation `json:"operations"`
	EntryToInit int64       `json:"entry_to_init_ns"`
	ImageBytes  int64       `json:"image_bytes"`
	SmallestMem int         `json:"smallest_mem_mib,omitempty"`
	Programs    []Operation `json:"programs,omitempty"` // what a program pays here
	Linux       []Operation `json:"linux,omitempty"`    // and on Linux
}

// Operation is the mean cost of one operation, or of one of what it names, in the
// unit that the name says.
type Operation struct {
	Name         string  `json:"name"`
	Instructions float64 `json:"insn_per_op"`
}

// find returns the cost of the operation called name.
func (r *Result) find(name string) (float64, bool) {
	for _, o := range r.Operations {
		if o.Name == name {
			return o.Instructions, true
		}
	}
	return 0, false
}

// merge adds the operations of other that r lacks.
func (r *Result) merge(other Result) {
	for _, o := range other.Operations {
		if _, ok := r.find(o.Name); !ok {
			r.Operations = append(r.Operations, o)
		}
	}
	if r.EntryToInit == 0 {
		r.EntryToInit = other.EntryToInit
	}
}

var (
	operationLine = regexp.MustCompile(`^bench: (\S.*?) (\d+(?:\.\d+)?) insn/op$`)
	bootLine      = regexp.MustCompile(`^bench: entry-to-init (\d+)(?: ns)?$`)
)

// parse reads the lines of a console. Lines that are not of a benchmark are
// skipped; one that begins like it but makes no sense is an error.
func parse(lines []string) (Result, error) {
	var r Result
	for _, line := range lines {
		if m := bootLine.FindStringSubmatch(line); m != nil {
			ns, err := strconv.ParseInt(m[1], 10, 64)
			if err != nil {
				return r, fmt.Errorf("%q: %w", line, err)
			}
			r.EntryToInit = ns
		} else if m := operationLine.FindStringSubmatch(line); m != nil {
			n, err := strconv.ParseFloat(m[2], 64)
			if err != nil {
				return r, fmt.Errorf("%q: %w", line, err)
			}
			if _, ok := r.find(m[1]); ok {
				return r, fmt.Errorf("%q: measured twice", line)
			}
			r.Operations = append(r.Operations, Operation{m[1], n})
		} else if strings.HasPrefix(line, "bench:") || strings.HasPrefix(line, "bench ") {
			return r, fmt.Errorf("%q is no result of a benchmark", line)
		}
	}
	return r, nil
}
