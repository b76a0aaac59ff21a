package qemutest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"onsen/qemu"
)

const (
	// step is how long one Expect or Exit may take. It is generous, because
	// TCG on a busy machine is slow: a test that fails by it has hung.
	step = 60 * time.Second
	// reserve is kept of the test binary's time for logs and cleaning up.
	reserve = 5 * time.Second
	// tailLines is how much of the console a failing test shows.
	tailLines = 60
)

// fatal is what a kernel prints when nothing good can follow.
var fatal = regexp.MustCompile(`^(Kernel panic - not syncing|fatal error: |selftest: FAIL|panic: )`)

// Guest is a machine under test. Its methods end the test when the guest does
// not do what is asked of it.
type Guest struct {
	*qemu.VM
	t       testing.TB
	logPath string
}

// Boot starts a machine that ends with the test. The serial port is written to
// a file under build/logs; its tail is shown if the test fails.
func Boot(t testing.TB, c qemu.Config) *Guest {
	t.Helper()
	log, err := createLog(t)
	if err != nil {
		t.Fatal(err)
	}
	vm, err := qemu.Start(c, log)
	if err != nil {
		log.Close()
		t.Fatal(err)
	}
	vm.Console.Fatal = fatal
	g := &Guest{VM: vm, t: t, logPath: log.Name()}
	t.Cleanup(func() {
		g.end()
		log.Close()
	})
	return g
}

// end kills what still runs. A failing test shows how the guest ended, or where
// its CPUs stand, and the tail of its console.
func (g *Guest) end() {
	if !g.t.Failed() {
		g.Kill()
		return
	}
	report := g.LastWords(reserve / 2)
	exit := g.Kill()
	if f, err := os.OpenFile(g.logPath, os.O_APPEND|os.O_WRONLY, 0); err == nil {
		fmt.Fprintf(f, "\n--- %v ---\n%s", exit, report)
		f.Close()
	}
	lines := g.Console.Lines()
	lines = lines[max(0, len(lines)-tailLines):]
	g.t.Logf("%s\n%v\n%sconsole in %s, its last %d lines:\n%s", qemu.Quote(g.Args),
		exit, summary(report), g.logPath, len(lines), strings.Join(lines, "\n"))
}

// summary is the part of a report that says where the CPUs stand.
func summary(report string) string {
	head, _, _ := strings.Cut(report, "\n\n")
	if head == "" {
		return ""
	}
	return head + "\n"
}

// Expect waits for a line that matches pattern and returns its submatches.
func (g *Guest) Expect(pattern string) []string {
	g.t.Helper()
	ctx, cancel := g.stepContext()
	defer cancel()
	m, err := g.Console.Expect(ctx, regexp.MustCompile(pattern))
	if err != nil {
		g.t.Fatal(err)
	}
	return m
}

// ExpectText waits for text that matches pattern anywhere, such as a prompt.
func (g *Guest) ExpectText(pattern string) {
	g.t.Helper()
	ctx, cancel := g.stepContext()
	defer cancel()
	if _, err := g.Console.ExpectText(ctx, regexp.MustCompile(pattern)); err != nil {
		g.t.Fatal(err)
	}
}

// Exit waits until the machine ends and fails the test unless it ends in one
// of the wanted ways.
func (g *Guest) Exit(want ...qemu.ExitKind) qemu.Exit {
	g.t.Helper()
	ctx, cancel := g.stepContext()
	defer cancel()
	exit, err := g.Wait(ctx)
	if err != nil {
		g.t.Fatal(err)
	}
	for _, k := range want {
		if exit.Kind == k {
			return exit
		}
	}
	g.t.Fatalf("the machine ended: %v; wanted %v", exit, want)
	return exit
}

// Type sends p to the serial port, however slowly the guest reads it.
func (g *Guest) Type(p []byte) {
	g.t.Helper()
	ctx, cancel := g.stepContext()
	defer cancel()
	done := make(chan error, 1)
	go func() {
		_, err := g.Console.Write(p)
		done <- err
	}()
	select {
	case err := <-done:
		if err != nil {
			g.t.Fatalf("typing on the console: %v", err)
		}
	case <-ctx.Done():
		g.t.Fatalf("the guest does not read its console: %v", ctx.Err())
	}
}

// stepContext bounds one step by its budget and by the test's own deadline.
func (g *Guest) stepContext() (context.Context, context.CancelFunc) {
	return context.WithDeadline(g.t.Context(), stepDeadline(g.t, time.Now()))
}

func stepDeadline(t any, now time.Time) time.Time {
	deadline := now.Add(step)
	if d, ok := t.(interface{ Deadline() (time.Time, bool) }); ok {
		if end, ok := d.Deadline(); ok && end.Add(-reserve).Before(deadline) {
			return end.Add(-reserve)
		}
	}
	return deadline
}

// createLog creates the console log of a test, named after it.
func createLog(t testing.TB) (*os.File, error) {
	dir := filepath.Join(Root(t), "build", "logs")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	return os.Create(filepath.Join(dir, logName(t.Name())))
}

// logName turns the name of a test into that of a file.
func logName(test string) string {
	clean := func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("-_.=", r):
			return r
		}
		return '-'
	}
	return strings.Map(clean, test) + ".log"
}
