package qemu

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
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
	if _, err := vm.Monitor.Human(ctx, 0, "info status"); err == nil {
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

// echoFirmware sends back what it receives on the first serial port.
func echoFirmware() []byte {
	image := probeFirmware(AMD64)
	copy(image, []byte{
		0xba, 0xfd, 0x03, // MOV DX, 0x3fd: line status
		0xec,       // IN AL, DX
		0xa8, 0x01, // TEST AL, 1: data ready
		0x74, 0xf8, // JZ to the start
		0xba, 0xf8, 0x03, // MOV DX, 0x3f8: data
		0xec,       // IN AL, DX
		0xee,       // OUT DX, AL
		0xeb, 0xf1, // JMP to the start
	})
	copy(image[len(image)-16:], []byte{0xea, 0, 0, 0, 0xf0}) // JMP f000:0000
	return image
}

func TestConsoleOfRealMachine(t *testing.T) {
	needQEMU(t, AMD64)
	bios := filepath.Join(t.TempDir(), "bios")
	if err := os.WriteFile(bios, echoFirmware(), 0o644); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	vm, err := Start(Config{Arch: AMD64, Memory: "32M", Extra: []string{"-bios", bios}}, &log)
	if err != nil {
		t.Fatal(err)
	}
	defer vm.Kill()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for _, word := range []string{"one", "two"} {
		if _, err := vm.Console.Write([]byte(word + "\r\n")); err != nil {
			t.Fatal(err)
		}
		if m, err := vm.Console.Expect(ctx, regexp.MustCompile(`.+`)); err != nil || m[0] != word {
			t.Errorf("%q comes back as %q, %v", word, m, err)
		}
	}
	vm.Kill()
	if _, err := vm.Console.Expect(ctx, regexp.MustCompile(`three`)); !errors.Is(err, ErrEnded) {
		t.Errorf("error %v, want %v", err, ErrEnded)
	}
	if log.String() != "one\r\ntwo\r\n" {
		t.Errorf("log %q", &log)
	}
}
