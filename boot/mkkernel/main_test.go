package main

import (
	"bytes"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// tiny is a module with just what the linker and the image builder look for.
var tiny = map[string]string{
	"go.mod":                 "module onsen\n\ngo 1.26\n",
	"main.go":                "//go:build metal\n\npackage main\n\nimport \"onsen/arch\"\n\nfunc main() { println(arch.Name) }\n",
	"arch/arch_amd64.go":     "package arch\n\nimport _ \"onsen/arch/amd64\"\n\nconst Name = \"amd64\"\n",
	"arch/arch_arm64.go":     "package arch\n\nimport _ \"onsen/arch/arm64\"\n\nconst Name = \"arm64\"\n",
	"arch/amd64/amd64.go":    "package amd64\n",
	"arch/amd64/start.s":     "TEXT ·bootPVH(SB), 7, $0\n\tJMP ·start64(SB)\n\nTEXT ·start64(SB), 7, $0\n\tJMP _rt0_amd64_linux(SB)\n",
	"arch/arm64/arm64.go":    "package arm64\n",
	"arch/arm64/start.s":     "TEXT ·start(SB), 7, $0\n\tJMP _rt0_arm64_linux(SB)\n",
	"other/main.go":          "package main\n\nfunc main() {}\n",
	"other/tagged/tagged.go": "//go:build metal && extra\n\npackage main\n\nimport _ \"onsen/arch\"\n\nfunc main() {}\n",
}

// module writes the tiny module to a new directory.
func module(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	writeFiles(t, dir, tiny)
	return dir
}

func writeFiles(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// asCommand in the environment makes the test binary be the command.
const asCommand = "ONSEN_TEST_MKKERNEL"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// mkkernel runs the command in a directory and returns what it prints.
func mkkernel(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	if testing.Short() {
		t.Skip("builds kernels")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), asCommand+"=1")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// The same tree gives the same bytes wherever it is built.
func TestReproducible(t *testing.T) {
	for arch := range targets {
		t.Run(arch, func(t *testing.T) {
			var first map[string][]byte
			for range 2 {
				dir := module(t)
				if out, err := mkkernel(t, dir, "-arch", arch); err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
				checkPaths(t, filepath.Join(dir, "build", "onsen-"+arch+".elf"), dir)
				built := make(map[string][]byte)
				for _, name := range []string{"build/onsen-" + arch, "build/onsen-" + arch + ".elf"} {
					text, err := os.ReadFile(filepath.Join(dir, name))
					if err != nil {
						t.Fatal(err)
					}
					if first != nil && !bytes.Equal(text, first[name]) {
						t.Errorf("%s differs from one tree to the other", name)
					}
					built[name] = text
				}
				first = built
			}
		})
	}
}

// checkPaths looks for the path of the tree in the sections of an ELF file, and
// for that of any overlay: the compiler's output may come from the build cache.
func checkPaths(t *testing.T, path, dir string) {
	t.Helper()
	f, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, s := range f.Sections {
		if s.Type == elf.SHT_NOBITS || s.Type == elf.SHT_NULL {
			continue
		}
		data, err := s.Data() // decompressed
		if err != nil {
			t.Fatal(err)
		}
		for _, leak := range []string{dir, "/overlay-"} {
			if bytes.Contains(data, []byte(leak)) {
				t.Errorf("section %s holds the path %q", s.Name, leak)
			}
		}
	}
}

func TestOptions(t *testing.T) {
	dir := module(t)
	tests := []struct {
		name string
		args []string
		want string
		fail bool
	}{
		{name: "no architecture", want: `-arch ""`, fail: true},
		{name: "unknown architecture", args: []string{"-arch", "riscv64"}, want: "must be amd64 or arm64", fail: true},
		{name: "no entry point", args: []string{"-arch", "amd64", "-main", "other"}, want: "onsen/arch/amd64.bootPVH", fail: true},
		{name: "tag missing", args: []string{"-arch", "amd64", "-main", "other/tagged"}, want: "build constraints exclude all Go files", fail: true},
		{name: "tag", args: []string{"-arch", "amd64", "-main", "other/tagged", "-tags", "extra", "-o", "out/k"}, want: "out/k.elf"},
		{name: "command", args: []string{"-arch", "arm64", "go", "list", "-f", "{{.Name}} {{.GoFiles}}", "."}, want: "main [main.go]"},
		{name: "command with a tree", args: []string{"-arch", "arm64", "-tree", "go", "list", "runtime/goos"}, want: "runtime/goos"},
		{name: "report", args: []string{"-arch", "arm64", "-report"}, want: "arenaBaseOffset"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			out, err := mkkernel(t, dir, test.args...)
			if (err != nil) != test.fail || !strings.Contains(out, test.want) {
				t.Errorf("mkkernel %v: %v\n%s\nwant %q", test.args, err, out, test.want)
			}
		})
	}
	left, err := filepath.Glob(filepath.Join(dir, "*", "*.tmp*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
