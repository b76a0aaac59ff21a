package overlay

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
)

var arches = []string{"amd64", "arm64"}

func file(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }

func TestApply(t *testing.T) {
	goroot := fstest.MapFS{
		"runtime/once.go":  file("package runtime\n\nconst old = 1\n"),
		"runtime/twice.go": file("package runtime\n\nconst old = 1\nconst old = 1\n"),
		"runtime/whole.go": file("package runtime // stock\n"),
	}
	ours := fstest.MapFS{
		"runtime/whole.go": file("package runtime // ours\n"),
		"runtime/extra.go": file("package runtime // extra\n"),
	}
	sub := func(file, old, new string) Change { return Change{Kind: Substitute, File: file, Old: old, New: new} }
	tests := []struct {
		name string
		list []Change
		file string
		want string // text of file
		err  []string
	}{
		{
			name: "found once",
			list: []Change{sub("runtime/once.go", "const old = 1", "const new = 2")},
			file: "runtime/once.go", want: "package runtime\n\nconst new = 2\n",
		},
		{
			name: "two in one file",
			list: []Change{sub("runtime/once.go", "old", "new"), sub("runtime/once.go", "= 1", "= 2")},
			file: "runtime/once.go", want: "package runtime\n\nconst new = 2\n",
		},
		{
			name: "absent",
			list: []Change{sub("runtime/once.go", "const gone = 1", "")},
			err:  []string{"runtime/once.go", "found 0 times", "const gone = 1"},
		},
		{
			name: "doubled",
			list: []Change{sub("runtime/twice.go", "const old = 1", "")},
			err:  []string{"runtime/twice.go", "found 2 times", "const old = 1"},
		},
		{
			name: "used up by the change before",
			list: []Change{sub("runtime/once.go", "old", "new"), sub("runtime/once.go", "old", "new")},
			err:  []string{"runtime/once.go", "found 0 times"},
		},
		{
			name: "no such file",
			list: []Change{sub("runtime/gone.go", "old", "new")},
			err:  []string{"runtime/gone.go", "file does not exist"},
		},
		{
			name: "replaced",
			list: []Change{{Kind: Replace, File: "runtime/whole.go"}},
			file: "runtime/whole.go", want: "package runtime // ours\n",
		},
		{
			name: "nothing to replace",
			list: []Change{{Kind: Replace, File: "runtime/extra.go"}},
			err:  []string{"runtime/extra.go", "Go does not have it"},
		},
		{
			name: "added",
			list: []Change{{Kind: Add, File: "runtime/extra.go"}},
			file: "runtime/extra.go", want: "package runtime // extra\n",
		},
		{
			name: "name already taken",
			list: []Change{{Kind: Add, File: "runtime/whole.go"}},
			err:  []string{"runtime/whole.go", "Go has a file of that name"},
		},
		{
			name: "our file is missing",
			list: []Change{{Kind: Replace, File: "runtime/once.go"}},
			err:  []string{"runtime/once.go", "file does not exist"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			files, err := apply(goroot, ours, test.list)
			if test.err == nil {
				if err != nil {
					t.Fatal(err)
				}
				if got := string(files[test.file]); got != test.want {
					t.Errorf("%s is\n%s\nwant\n%s", test.file, got, test.want)
				}
				return
			}
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range test.err {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
		})
	}
}

// A toolchain with another text must be named, with its version.
func TestGenerateNamesTheToolchain(t *testing.T) {
	goroot := t.TempDir()
	write(t, filepath.Join(goroot, "VERSION"), "go1.99.1\ntime 2030-01-01T00:00:00Z\n")
	write(t, filepath.Join(goroot, "src/runtime/proc.go"), "package runtime\n")
	_, err := Generate(goroot, "amd64", t.TempDir())
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"runtime/proc.go", "haveSysmon", "go1.99.1", goroot} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error does not say %q:\n%v", want, err)
		}
	}
}

func TestEveryChangeHasAReason(t *testing.T) {
	for _, c := range changes {
		if len(c.Why) < 20 || !strings.HasSuffix(c.Why, ".") {
			t.Errorf("%s: %q is not a reason", c.File, c.Why)
		}
		if (c.Kind == Substitute) != (c.Old != "") {
			t.Errorf("%s: %s, but the text to find is %q", c.File, c.Kind, c.Old)
		}
	}
}

func TestListed(t *testing.T) {
	if err := listed(sources(), changes); err != nil {
		t.Error(err)
	}
	stray := fstest.MapFS{"runtime/stray.go": file("package runtime\n")}
	if err := listed(stray, changes); err == nil || !strings.Contains(err.Error(), "runtime/stray.go") {
		t.Errorf("a file without a reason passes: %v", err)
	}
}

// A new directory of the standard library may not hold assembly: the assembler
// runs in the package's directory, which an overlay does not create.
func TestNoAssemblyInNewDirectories(t *testing.T) {
	goroot := os.DirFS(filepath.Join(gorootOf(t), "src"))
	for _, c := range changes {
		dir := filepath.ToSlash(filepath.Dir(c.File))
		if _, err := fs.Stat(goroot, dir); err != nil && strings.HasSuffix(c.File, ".s") {
			t.Errorf("%s: Go has no directory %s", c.File, dir)
		}
	}
}

func TestReportNamesEveryChange(t *testing.T) {
	for _, arch := range arches {
		var out strings.Builder
		if err := Report(&out, gorootOf(t), arch); err != nil {
			t.Fatal(err)
		}
		for _, c := range Changes(arch) {
			for _, want := range []string{c.File, string(c.Kind), c.Why, c.Old, c.New} {
				if !strings.Contains(out.String(), want) {
					t.Errorf("%s: the report does not say %q", arch, want)
				}
			}
		}
	}
}

func TestGenerateLeavesRightFilesAlone(t *testing.T) {
	dir := t.TempDir()
	index, err := Generate(gorootOf(t), "arm64", dir)
	if err != nil {
		t.Fatal(err)
	}
	spoiled := filepath.Join(dir, "runtime", "malloc.go")
	kept := filepath.Join(dir, "runtime", "proc.go")
	write(t, spoiled, "package runtime\n")
	before, err := os.Stat(kept)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := Generate(gorootOf(t), "arm64", dir); err != nil || again != index {
		t.Fatalf("again: %q, %v", again, err)
	}
	if after, err := os.Stat(kept); err != nil || !os.SameFile(before, after) {
		t.Errorf("%s was written again", kept)
	}
	if text, err := os.ReadFile(spoiled); err != nil || !strings.Contains(string(text), "goarch.IsArm64") {
		t.Errorf("%s was not mended: %v", spoiled, err)
	}
}

func TestTree(t *testing.T) {
	goroot := gorootOf(t)
	index, err := Generate(goroot, "arm64", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	tree := filepath.Join(t.TempDir(), "goroot")
	for range 2 { // the second time over the first
		if err := Tree(goroot, index, tree); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range Changes("arm64") {
		got, err := os.ReadFile(filepath.Join(tree, "src", c.File))
		if err != nil {
			t.Error(err)
			continue
		}
		stock, err := os.ReadFile(filepath.Join(goroot, "src", c.File))
		if err == nil && string(got) == string(stock) {
			t.Errorf("%s: not changed", c.File)
		}
	}
	for _, stock := range []string{"VERSION", "src/fmt/print.go", "src/runtime/mgc.go", "src/os/signal/signal.go"} {
		if _, err := os.Stat(filepath.Join(tree, stock)); err != nil {
			t.Error(err)
		}
	}
}

// gorootOf returns the root of the toolchain that runs this test.
func gorootOf(t *testing.T) string {
	t.Helper()
	text, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Skipf("no go command: %v", err)
	}
	version, err := exec.Command("go", "env", "GOVERSION").Output()
	if err != nil || strings.TrimSpace(string(version)) != runtime.Version() {
		t.Skipf("the go command is %s, this test was built by %s", version, runtime.Version())
	}
	return strings.TrimSpace(string(text))
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}
