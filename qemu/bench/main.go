package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"onsen/qemu"
)

var (
	only     = flag.String("arch", "", "measure one architecture only")
	withMem  = flag.Bool("mem", false, "also look for the smallest memory that boots")
	jsonFile = flag.String("json", "build/bench.json", "file for the results")
	docFile  = flag.String("doc", "docs/performance.md", "document with the table")
	patience = flag.Duration("timeout", 10*time.Minute, "time for one boot")
)

func main() {
	flag.Parse()
	if err := bench(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func bench() error {
	results, err := load(*jsonFile)
	if err != nil {
		return err
	}
	for _, arch := range qemu.Arches {
		if *only != "" && *only != string(arch) {
			continue
		}
		r, err := measure(arch)
		if err != nil {
			return fmt.Errorf("%s: %w", arch, err)
		}
		if old := results[arch]; old != nil && !*withMem {
			r.SmallestMem = old.SmallestMem
		}
		results[arch] = &r
	}
	fmt.Print(table(results))
	if err := save(*jsonFile, results); err != nil {
		return err
	}
	fmt.Print(comparison(results))
	return document(*docFile, map[string]string{"kernel": table(results), "programs": comparison(results)})
}

// measure runs the benchmarks of one architecture: on one CPU, and on two for
// those that need a second one.
func measure(arch qemu.Arch) (Result, error) {
	m := machine(arch)
	m.Append = append(m.Append, "onsen.bench")
	image, err := os.Stat(m.Kernel)
	if err != nil {
		return Result{}, err
	}
	all := Result{ImageBytes: image.Size()}
	for _, cpus := range []int{1, 2} {
		m.CPUs = cpus
		fmt.Printf("  BENCH   %s, %d CPUs\n", arch, cpus)
		r, err := boot(m)
		if err != nil {
			return Result{}, err
		}
		all.merge(r)
	}
	if all.Linux, all.Programs, err = programs(arch); err != nil {
		return Result{}, err
	}
	linux, ours, err := sleepers(arch)
	if err != nil {
		return Result{}, err
	}
	all.Linux, all.Programs = append(all.Linux, linux...), append(all.Programs, ours...)
	if *withMem {
		if all.SmallestMem, err = smallestMem(arch); err != nil {
			return Result{}, err
		}
	}
	return all, nil
}

// machine is the one all figures are of: the machine and CPU on which Linux was
// counted, without the instructions that copy any number of bytes as one.
func machine(arch qemu.Arch) qemu.Config {
	m := qemu.Config{
		Arch: arch, CPUs: 1, Icount: true,
		Kernel: "build/onsen-" + string(arch),
		Append: []string{"console=" + arch.Console(), "panic=-1"},
	}
	if arch == qemu.AMD64 {
		m.CPU = "max,-erms,-fsrm"
	}
	return m
}

// boot runs a machine until it powers off and reads the results it printed.
func boot(m qemu.Config) (Result, error) {
	lines, err := run(m, strconv.Itoa(m.CPUs))
	if err != nil {
		return Result{}, err
	}
	r, err := parse(lines)
	if err == nil && len(r.Operations) == 0 {
		err = errors.New("the kernel measured nothing")
	}
	return r, err
}

// run runs a machine until it powers off and returns what it printed, which is
// also kept in a file that what names.
func run(m qemu.Config, what string) ([]string, error) {
	logFile := filepath.Join("build", "logs", fmt.Sprintf("bench-%s-%s.log", m.Arch, what))
	if err := os.MkdirAll(filepath.Dir(logFile), 0o777); err != nil {
		return nil, err
	}
	log, err := os.Create(logFile)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	vm, err := qemu.Start(m, log)
	if err != nil {
		return nil, err
	}
	defer vm.Kill()
	ctx, cancel := context.WithTimeout(context.Background(), *patience)
	defer cancel()
	exit, err := vm.Wait(ctx)
	if err == nil && exit.Kind != qemu.PoweredOff {
		err = fmt.Errorf("the machine ended: %v", exit)
	}
	if err != nil {
		return nil, fmt.Errorf("%w (console in %s)", err, logFile)
	}
	return vm.Console.Lines(), nil
}

// load reads the results of earlier runs, of which there may be none.
func load(file string) (Results, error) {
	results := make(Results)
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return results, nil
	}
	if err == nil {
		err = json.Unmarshal(b, &results)
	}
	return results, err
}

func save(file string, results Results) error {
	b, err := json.MarshalIndent(results, "", "\t")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		return err
	}
	return os.WriteFile(file, append(b, '\n'), 0o666)
}

// document puts the tables, by name, into the document.
func document(file string, tables map[string]string) error {
	doc, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	for name, table := range tables {
		if doc, err = replaceTable(doc, name, table); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return os.WriteFile(file, doc, 0o666)
}
