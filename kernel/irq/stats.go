package irq

import (
	"slices"
	"strings"

	"onsen/arch/bootinfo"
)

// Stat is what /proc/interrupts tells of one line.
type Stat struct {
	IRQ     int
	Trigger bootinfo.Trigger
	Name    string   // of the handlers, separated by ", "
	Counts  []uint64 // for each CPU asked for
}

// Stats returns the counters of all lines in use, for the first cpus CPUs, and
// how many interrupts came from other lines.
func Stats(cpus int) (lines []Stat, strays uint64) { return system.stats(cpus) }

func (t *table) stats(cpus int) (lines []Stat, strays uint64) {
	for irq := range t.lines {
		n := t.lines[irq].Load()
		if n == nil {
			continue
		}
		var names []string
		for _, a := range n.list() {
			names = append(names, a.name)
		}
		if len(names) == 0 {
			continue
		}
		s := Stat{IRQ: irq, Trigger: n.trigger, Name: strings.Join(names, ", ")}
		for i := range min(cpus, len(n.counts)) {
			s.Counts = append(s.Counts, n.counts[i].Load())
		}
		lines = append(lines, s)
	}
	return slices.Clip(lines), t.strays.Load()
}
