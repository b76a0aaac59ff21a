// Soak boots the kernel with its self tests many times and counts the failures.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"onsen/qemu"
)

var (
	arch     = flag.String("arch", "amd64", "guest architecture: amd64 or arm64")
	machine  = flag.String("machine", "", "QEMU's -M (default q35 or virt)")
	cpu      = flag.String("cpu", "", "QEMU's -cpu (default max)")
	cpus     = flag.Int("cpus", 4, "number of CPUs")
	mem      = flag.String("mem", "", "size of memory (default 256M)")
	kernel   = flag.String("kernel", "", "image (default build/onsen-ARCH)")
	words    = flag.String("append", "", "words for the kernel command line, besides onsen.selftest")
	boots    = flag.Int("n", 100, "number of boots")
	jobs     = flag.Int("jobs", 1, "boots at the same time")
	patience = flag.Duration("timeout", 2*time.Minute, "time for one boot")
)

const logDir = "build/logs"

func main() {
	flag.Parse()
	if err := soak(); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

func soak() error {
	m, err := config()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(logDir, 0o777); err != nil {
		return err
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	var t tally
	run(ctx, *boots, *jobs, func(ctx context.Context, i int) {
		start := time.Now()
		err := boot(ctx, m, filepath.Join(logDir, fmt.Sprintf("soak-%s-%d.log", *arch, i)))
		if ctx.Err() != nil {
			return // interrupted, which says nothing about the kernel
		}
		t.add(i, time.Since(start), err)
	})
	fmt.Printf("%s, %d CPUs: %v\n", *arch, *cpus, &t)
	if t.failed != 0 || len(t.times) == 0 {
		return fmt.Errorf("%d of %d boots failed; their consoles are in %s/soak-%s-*.log",
			t.failed, len(t.times), logDir, *arch)
	}
	return nil
}

func config() (qemu.Config, error) {
	a, err := qemu.ParseArch(*arch)
	if err != nil {
		return qemu.Config{}, err
	}
	if *kernel == "" {
		*kernel = "build/onsen-" + *arch
	}
	accel, err := qemu.ChooseAccel(a, os.Getenv("ACCEL"))
	if err != nil {
		fmt.Fprintf(os.Stderr, "soak: using %s: %v\n", accel, err)
	}
	return qemu.Config{
		Arch: a, Accel: accel, Machine: *machine, CPU: *cpu, CPUs: *cpus, Memory: *mem, Kernel: *kernel,
		Append: append([]string{"console=" + a.Console(), "panic=-1", "onsen.selftest"}, strings.Fields(*words)...),
	}, nil
}

// run calls f for 0 to n-1, at most jobs of them at a time, until ctx is done.
func run(ctx context.Context, n, jobs int, f func(ctx context.Context, i int)) {
	next := make(chan int)
	var wg sync.WaitGroup
	for range max(jobs, 1) {
		wg.Go(func() {
			for i := range next {
				f(ctx, i)
			}
		})
	}
	for i := range n {
		select {
		case next <- i:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(next)
	wg.Wait()
}

var (
	passed = regexp.MustCompile(`^selftest: [1-9]\d* passed, 0 failed$`)
	fatal  = regexp.MustCompile(`^(Kernel panic - not syncing|fatal error: |selftest: FAIL|selftest: \d+ passed)`)
)

// boot boots m once. The console of a boot that fails stays in logFile.
func boot(ctx context.Context, m qemu.Config, logFile string) (err error) {
	log, err := os.Create(logFile)
	if err != nil {
		return err
	}
	defer func() {
		log.Close()
		if err == nil {
			os.Remove(logFile)
		}
	}()
	vm, err := qemu.Start(m, log)
	if err != nil {
		return err
	}
	defer vm.Kill()
	vm.Console.Fatal = fatal
	ctx, cancel := context.WithTimeout(ctx, *patience)
	defer cancel()
	exit := qemu.Exit{}
	if _, err = vm.Console.Expect(ctx, passed); err == nil {
		exit, err = vm.Wait(ctx)
	}
	switch {
	case err != nil:
		fmt.Fprintf(log, "\n--- %v ---\n%s", err, vm.LastWords(5*time.Second))
		return err
	case exit.Kind != qemu.PoweredOff:
		return fmt.Errorf("the self tests passed, but the machine ended: %v", exit)
	}
	return nil
}
