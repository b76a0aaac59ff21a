package qemu

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// Accel is how QEMU runs guest code.
type Accel string

// TCG translates, everywhere. KVM uses the host's processor.
const (
	TCG Accel = "tcg"
	KVM Accel = "kvm"
)

// probeBudget is how long a probe machine may take. Hosts exist whose /dev/kvm
// opens but never runs a guest.
const probeBudget = time.Second

// ChooseAccel returns the accelerator for guests of arch, given what the user
// asked for: "" or "tcg" is TCG; "kvm" is KVM if a probe machine proves that it
// runs guest code, else TCG together with an error that says why.
func ChooseAccel(arch Arch, want string) (Accel, error) {
	switch want {
	case "", string(TCG):
		return TCG, nil
	case string(KVM):
		if string(arch) != runtime.GOARCH {
			return TCG, fmt.Errorf("a %s host cannot run %s guests under KVM", runtime.GOARCH, arch)
		}
		ctx, cancel := context.WithTimeout(context.Background(), probeBudget)
		defer cancel()
		if err := probe(ctx, arch, KVM); err != nil {
			return TCG, fmt.Errorf("KVM does not work here: %w", err)
		}
		return KVM, nil
	}
	return TCG, fmt.Errorf("unknown accelerator %q (known: %s, %s)", want, TCG, KVM)
}

// probeCode is the value that the amd64 probe firmware writes to the debug port.
const probeCode = 0x2a

// probe runs a few instructions of a firmware that ends its machine.
func probe(ctx context.Context, arch Arch, accel Accel) error {
	dir, err := os.MkdirTemp("", "onsen-probe")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	bios := filepath.Join(dir, "bios")
	if err := os.WriteFile(bios, probeFirmware(arch), 0o644); err != nil {
		return err
	}
	vm, err := Start(Config{
		Arch: arch, Accel: accel, Memory: "32M",
		DebugExit: arch == AMD64, Extra: []string{"-bios", bios},
	}, nil)
	if err != nil {
		return err
	}
	defer vm.process.Kill() // not vm.Kill: a QEMU stuck in /dev/kvm may never go
	exit, err := vm.Wait(ctx)
	if err != nil {
		return err
	}
	if exit.Kind == PoweredOff || exit.Kind == DebugExited && exit.Code == probeCode {
		return nil
	}
	return fmt.Errorf("%v", exit)
}

// probeFirmware returns a firmware image that ends the machine as its first act.
func probeFirmware(arch Arch) []byte {
	if arch == ARM64 {
		// virt starts at the base of its flash. PSCI (DEN0022) 5.10:
		// SYSTEM_OFF is function 0x84000008.
		var code []byte
		for _, insn := range []uint32{
			0x52800100, // MOVZ W0, #0x0008
			0x72b08000, // MOVK W0, #0x8400, LSL #16
			0xd4000002, // HVC #0
			0x14000000, // B .
		} {
			code = binary.LittleEndian.AppendUint32(code, insn)
		}
		return code
	}
	// Intel SDM vol. 3, 10.1.4: the first instruction is 16 bytes below the
	// end of the firmware.
	image := bytes.Repeat([]byte{0xf4}, 64<<10) // HLT
	copy(image[len(image)-16:], []byte{
		0xb0, probeCode, // MOV AL, probeCode
		0xe6, 0xf4, // OUT 0xf4, AL
	})
	return image
}
