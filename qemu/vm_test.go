package qemu

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func needQEMU(t *testing.T, arch Arch) {
	t.Helper()
	if _, err := exec.LookPath(arch.Command()); err != nil {
		t.Skip(err)
	}
}

// The firmware that is to prove KVM proves TCG, and so exercises starting,
// serial port, QMP and the exit status of a real QEMU.
func TestProbe(t *testing.T) {
	for _, arch := range Arches {
		t.Run(string(arch), func(t *testing.T) {
			needQEMU(t, arch)
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			if err := probe(ctx, arch, TCG); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestProbeRefuses(t *testing.T) {
	needQEMU(t, AMD64)
	if err := probe(t.Context(), AMD64, "nosuch"); err == nil || !strings.Contains(err.Error(), "nosuch") {
		t.Errorf("error %v does not name the accelerator", err)
	}
}

func TestChooseAccelWithoutProbe(t *testing.T) {
	for _, want := range []string{"", "tcg"} {
		if got, err := ChooseAccel(AMD64, want); got != TCG || err != nil {
			t.Errorf("ChooseAccel(%q) = %v, %v", want, got, err)
		}
	}
	if got, err := ChooseAccel(AMD64, "hvf"); got != TCG || err == nil {
		t.Errorf("ChooseAccel(hvf) = %v, %v", got, err)
	}
}

// A frozen machine stands at its reset vector until it is killed.
func TestDiagnoseAndKill(t *testing.T) {
	needQEMU(t, AMD64)
	vm, err := Start(Config{Arch: AMD64, CPUs: 2, Memory: "32M", Freeze: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer vm.Kill()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	report, err := vm.Diagnose(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(report, "cpu 0: 0xfff0\ncpu 1: 0xfff0\n") {
		t.Errorf("report begins %.80q", report)
	}
	if err := vm.Monitor.Execute(ctx, "no-such-command", nil, nil); err == nil {
		t.Error("an unknown QMP command succeeds")
	}
	short, cancel := context.WithTimeout(ctx, time.Millisecond)
	defer cancel()
	if _, err := vm.Wait(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Wait = %v while the machine is frozen", err)
	}
	if exit := vm.Kill(); exit.Kind != Killed {
		t.Errorf("after Kill: %v", exit)
	}
	if _, err := vm.Monitor.Human(ctx, "info status"); err == nil {
		t.Error("the monitor of a dead machine answers")
	}
}

func TestStartReportsMissingQEMU(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if vm, err := Start(Config{Arch: AMD64}, nil); err == nil {
		vm.Kill()
		t.Error("started without QEMU")
	}
}

func TestFailedQEMUSaysWhy(t *testing.T) {
	needQEMU(t, AMD64)
	vm, err := Start(Config{Arch: AMD64, Machine: "nosuch"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer vm.Kill()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	exit, err := vm.Wait(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if exit.Kind != Failed || !strings.Contains(exit.Stderr, "machine type") {
		t.Errorf("exit %v", exit)
	}
}
