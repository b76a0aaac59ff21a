package overlay

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// The changed runtime still runs on Linux, whose system calls it makes. So what
// is ours in it can be tested without a kernel of ours.
func TestOnLinux(t *testing.T) {
	if runtime.GOOS != "linux" || !slices.Contains(arches, runtime.GOARCH) {
		t.Skip("needs Linux on amd64 or arm64")
	}
	if testing.Short() {
		t.Skip("builds the runtime")
	}
	dir := t.TempDir()
	index, err := Generate(gorootOf(t), runtime.GOARCH, filepath.Join(dir, "overlay"))
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "program")
	build := exec.Command("go", "build", "-overlay", index, "-trimpath", "-buildvcs=false", "-o", program, "./testdata/program.go")
	build.Env = append(os.Environ(), "GOFLAGS=", "CGO_ENABLED=0", "GOEXPERIMENT=norandomizedheapbase64")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, procs := range []string{"1", "2", "4"} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		run := exec.CommandContext(ctx, program)
		run.Env = append(os.Environ(), "GOMAXPROCS="+procs)
		out, err := run.CombinedOutput()
		if err != nil || !strings.HasSuffix(string(out), "PASS\n") {
			t.Errorf("GOMAXPROCS=%s: %v\n%s", procs, err, out)
		}
	}
}
