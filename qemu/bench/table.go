package main

import (
	"bytes"
	"fmt"
	"strings"

	"onsen/qemu"
)

// Results are those of all architectures that were measured.
type Results map[qemu.Arch]*Result

// targets are upper limits of operations, in instructions.
var targets = map[string]float64{
	"switch-to": 400,
}

// The other limits.
const (
	targetEntryToInit = 60e6    // nanoseconds of virtual time, with one CPU
	targetImage       = 8 << 20 // bytes, without an initramfs
	targetMem         = 32      // MiB
)

// row is one line of the table: a name, a figure of each architecture ("" if
// there is none), and the limit ("" if there is none).
type row struct {
	name    string
	figures []string
	target  string
}

// table renders r as a table in Markdown.
func table(r Results) string {
	rows := []row{{"", nil, "target"}, {"---", nil, "--:"}}
	for _, a := range qemu.Arches {
		rows[0].figures = append(rows[0].figures, string(a))
		rows[1].figures = append(rows[1].figures, "--:")
	}
	for _, name := range names(r) {
		rows = append(rows, operationRow(r, name))
	}
	rows = append(rows,
		sizeRow(r, "entry to init, ms of virtual time", targetEntryToInit, func(r *Result) float64 { return float64(r.EntryToInit) }, 1e6, "%.1f"),
		sizeRow(r, "image, MiB", targetImage, func(r *Result) float64 { return float64(r.ImageBytes) }, 1<<20, "%.1f"),
		sizeRow(r, "smallest memory that boots, MiB", targetMem, func(r *Result) float64 { return float64(r.SmallestMem) }, 1, "%.0f"))
	return align(rows)
}

// names lists the operations of all architectures in the order of measuring.
func names(r Results) []string {
	var all Result
	for _, a := range qemu.Arches {
		if r[a] != nil {
			all.merge(*r[a])
		}
	}
	var names []string
	for _, o := range all.Operations {
		names = append(names, o.Name)
	}
	return names
}

func operationRow(r Results, name string) row {
	limit, limited := targets[name]
	w := row{name: name + ", instructions"}
	if limited {
		w.target = "≤ " + thousands(limit)
	}
	for _, a := range qemu.Arches {
		figure := ""
		if r[a] != nil {
			if n, ok := r[a].find(name); ok {
				figure = mark(thousands(n), limited && n > limit)
			}
		}
		w.figures = append(w.figures, figure)
	}
	return w
}

// sizeRow is a row of a figure that every Result has: get(result)/unit, printed
// with format.
func sizeRow(r Results, name string, limit float64, get func(*Result) float64, unit float64, format string) row {
	w := row{name: name, target: fmt.Sprintf("≤ %.0f", limit/unit)}
	for _, a := range qemu.Arches {
		figure := ""
		if r[a] != nil && get(r[a]) != 0 {
			figure = mark(fmt.Sprintf(format, get(r[a])/unit), get(r[a]) > limit)
		}
		w.figures = append(w.figures, figure)
	}
	return w
}

// mark makes a figure above its target stand out.
func mark(figure string, missed bool) string {
	if missed {
		return "**" + figure + "**"
	}
	return figure
}

// thousands prints n without decimals, in groups of three digits.
func thousands(n float64) string {
	s := fmt.Sprintf("%.0f", n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// align lays out rows as Markdown that also reads well on a terminal.
func align(rows []row) string {
	var cells [][]string
	var widths []int
	hasTarget := rows[0].target != ""
	for _, w := range rows {
		line := append([]string{w.name}, w.figures...)
		if hasTarget {
			line = append(line, w.target)
		}
		for i, c := range line {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], len([]rune(c)))
		}
		cells = append(cells, line)
	}
	var b strings.Builder
	for _, line := range cells {
		for i, c := range line {
			pad := strings.Repeat(" ", widths[i]-len([]rune(c)))
			if i == 0 {
				c += pad
			} else {
				c = pad + c
			}
			b.WriteString("| " + c + " ")
		}
		b.WriteString("|\n")
	}
	return b.String()
}

// A document holds each table between two lines that name it.
func tableBegin(name string) string { return "<!-- make bench writes " + name + " from here -->\n" }

const tableEnd = "<!-- to here -->\n"

// replaceTable puts a table where doc has the lines for it.
func replaceTable(doc []byte, name, table string) ([]byte, error) {
	begin := tableBegin(name)
	before, rest, ok := bytes.Cut(doc, []byte(begin))
	if !ok {
		return nil, fmt.Errorf("no line %q", strings.TrimSpace(begin))
	}
	_, after, ok := bytes.Cut(rest, []byte(tableEnd))
	if !ok {
		return nil, fmt.Errorf("no line %q", strings.TrimSpace(tableEnd))
	}
	return bytes.Join([][]byte{before, after}, []byte(begin+table+tableEnd)), nil
}
