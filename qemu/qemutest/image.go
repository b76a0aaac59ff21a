// Package qemutest boots the kernel in tests: which image, when to skip, the
// console's log file, deadlines, and what a failing test shows.
package qemutest

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"onsen/qemu"
)

// Env is the environment variable that switches the boot tests on. They are
// off in a plain "go test ./...", which knows neither whether the image in
// build is that of the tree nor whether there is a QEMU; when they are on,
// whatever they miss is a failure.
const Env = "ONSEN_BOOT_TESTS"

// Need skips the test unless the boot tests are on.
func Need(t testing.TB) {
	t.Helper()
	if os.Getenv(Env) == "" {
		t.Skipf("boot tests run with %s=1, or by make boot-test", Env)
	}
}

// Root returns the directory with the module's go.mod.
func Root(t testing.TB) string {
	t.Helper()
	_, file, _, _ := runtime.Caller(0)
	dir := filepath.Dir(file)
	if !filepath.IsAbs(dir) { // built with -trimpath: go test runs in the package
		var err error
		if dir, err = os.Getwd(); err != nil {
			t.Fatal(err)
		}
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the test")
		}
	}
}

// Kernel returns a machine for the kernel image of arch, with the default
// console and panic=-1 on its command line.
func Kernel(t testing.TB, arch qemu.Arch) qemu.Config {
	t.Helper()
	Need(t)
	image := filepath.Join(Root(t), "build", "onsen-"+string(arch))
	if _, err := os.Stat(image); err != nil {
		t.Fatalf("no kernel image: %v (make kernel ARCH=%s builds it)", err, arch)
	}
	NeedCommand(t, arch.Command())
	accel, err := qemu.ChooseAccel(arch, os.Getenv("ACCEL"))
	if err != nil {
		t.Logf("using %s: %v", accel, err)
	}
	return qemu.Config{
		Arch: arch, Accel: accel, Kernel: image,
		Append: []string{"console=" + arch.Console(), "panic=-1"},
	}
}

// linuxCPU is where it is not the default. Linux authenticates pointers where it
// can, and QEMU is slow at the standard's way of doing that.
var linuxCPU = map[qemu.Arch]string{qemu.ARM64: "max,pauth-impdef=on"}

// Linux returns the machine with Debian's kernel, to compare with.
func Linux(t testing.TB, arch qemu.Arch) qemu.Config {
	t.Helper()
	Need(t)
	return qemu.Config{
		Arch:   arch,
		CPU:    linuxCPU[arch],
		Kernel: filepath.Join(Root(t), "build", "debian", string(arch), "vmlinuz"),
		Append: []string{"console=" + arch.Console(), "panic=-1", "quiet"},
	}
}

// NeedCommand fails the test unless a program can be found.
func NeedCommand(t testing.TB, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Fatalf("%v (make tools installs it)", err)
	}
}
