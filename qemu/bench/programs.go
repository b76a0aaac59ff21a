package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"onsen/qemu"
)

// programs runs user/bench as PID 1 under Linux and under the kernel and
// returns what its operations cost a program there.
func programs(arch qemu.Arch) (linux, ours []Operation, err error) {
	m := machine(arch)
	m.Initrd = filepath.Join("build", "user", string(arch), "bench.cpio")
	fmt.Printf("  BENCH   %s, programs\n", arch)
	if ours, err = operations(m); err != nil {
		return nil, nil, err
	}
	fmt.Printf("  BENCH   %s, programs on Linux\n", arch)
	linux, err = operations(strongestLinux(m))
	return linux, ours, err
}

// strongestLinux is the machine with Debian's kernel, told to leave out all that
// it does for security at the price of instructions.
func strongestLinux(m qemu.Config) qemu.Config {
	m.Kernel = filepath.Join("build", "debian", string(m.Arch), "vmlinuz")
	m.Append = append(m.Append, "mitigations=off", "nokaslr", "init_on_alloc=0", "loglevel=4")
	if m.Arch == qemu.ARM64 {
		m.Append = append(m.Append, "kpti=off")
	}
	return m
}

func operations(m qemu.Config) ([]Operation, error) {
	if _, err := os.Stat(m.Kernel); err != nil {
		return nil, err
	}
	r, err := boot(m)
	return r.Operations, err
}

// comparison renders what programs pay under both kernels as a table: of each
// architecture Linux's figure, ours, and ours in percent of Linux's.
func comparison(r Results) string {
	const target = 50 // percent
	rows := []row{{name: ""}, {name: "---"}}
	for _, a := range qemu.Arches {
		rows[0].figures = append(rows[0].figures, string(a)+": Linux", "Onsen", "%")
		rows[1].figures = append(rows[1].figures, "--:", "--:", "--:")
	}
	for _, name := range programNames(r) {
		w := row{name: strings.ReplaceAll(name, "-", " ")}
		for _, a := range qemu.Arches {
			theirs, ours, ok := r[a].program(name)
			if !ok {
				w.figures = append(w.figures, "", "", "")
				continue
			}
			percent := ours / theirs * 100
			w.figures = append(w.figures, thousands(theirs), thousands(ours),
				mark(strconv.Itoa(int(percent+0.5)), percent > target))
		}
		rows = append(rows, w)
	}
	return align(rows)
}

// programNames lists the operations of all architectures in the order of
// measuring.
func programNames(r Results) []string {
	var all Result
	for _, a := range qemu.Arches {
		if r[a] != nil {
			all.merge(Result{Operations: r[a].Linux})
		}
	}
	var names []string
	for _, o := range all.Operations {
		names = append(names, o.Name)
	}
	return names
}

// program returns what an operation costs on Linux and here, if both are known.
func (r *Result) program(name string) (linux, ours float64, ok bool) {
	if r == nil {
		return 0, 0, false
	}
	t := Result{Operations: r.Linux}
	o := Result{Operations: r.Programs}
	linux, ok1 := t.find(name)
	ours, ok2 := o.find(name)
	return linux, ours, ok1 && ok2 && linux > 0
}
