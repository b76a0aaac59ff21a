// Mkkernel builds the kernel with the installed Go toolchain.
//
//	go run ./boot/mkkernel -arch amd64 -o build/onsen-amd64
//
// writes the boot image build/onsen-amd64 and, for debuggers, the ELF file
// build/onsen-amd64.elf. It is run in the root of the module.
//
//	go run ./boot/mkkernel -arch amd64 go vet ./...
//
// runs a go command the way the kernel is built: for its target, with its
// build tags and its standard library, and without the tests of the module,
// which are for the host. With -tree, that library is a tree of
// links in build/goroot-amd64 instead of an overlay, which is for tools that
// know nothing of overlays.
//
//	go run ./boot/mkkernel -arch amd64 -check
//
// builds the kernel and proves that its lowest layer neither allocates nor
// grows its stack (package check).
//
//	go run ./boot/mkkernel -arch amd64 -report
//
// explains every difference between that standard library and Go's.
package main

import (
	"cmp"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"onsen/boot/overlay"
)

func main() {
	var b builder
	flag.StringVar(&b.arch, "arch", "", "architecture: amd64 or arm64")
	flag.StringVar(&b.main, "main", ".", "directory of package main")
	flag.StringVar(&b.tags, "tags", "", "build tags besides metal, separated by commas")
	out := flag.String("o", "", "boot image to write (default build/onsen-ARCH)")
	dir := flag.String("overlay", "", "directory to write the overlay to (default build/overlay-ARCH)")
	flag.BoolVar(&b.check, "check", false, "check the lowest layer of the kernel once it is built")
	tree := flag.Bool("tree", false, "run the command with a GOROOT of its own instead of an overlay")
	report := flag.Bool("report", false, "explain the overlay and exit")
	flag.Parse()
	if err := run(b, *out, *dir, *tree, *report, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "mkkernel:", err)
		os.Exit(1)
	}
}

func run(b builder, out, dir string, tree, report bool, args []string) error {
	if _, ok := targets[b.arch]; !ok {
		return fmt.Errorf("-arch %q: must be amd64 or arm64", b.arch)
	}
	if out == "" {
		out = filepath.Join("build", "onsen-"+b.arch)
	}
	if dir == "" {
		dir = filepath.Join("build", "overlay-"+b.arch)
	}
	goroot, err := goRoot()
	if err != nil {
		return err
	}
	if report {
		return overlay.Report(os.Stdout, goroot, b.arch)
	}
	tests, err := testFiles()
	if err != nil {
		return err
	}
	if b.index, err = overlay.Generate(goroot, b.arch, dir, tests...); err != nil {
		return err
	}
	if tree {
		b.goroot = filepath.Join(filepath.Dir(b.index), "..", "goroot-"+b.arch)
		if err := overlay.Tree(goroot, b.index, b.goroot); err != nil {
			return err
		}
	}
	if len(args) > 0 {
		return b.command(args, os.Stderr)
	}
	return b.build(out)
}

// goCommand is the go command: what GO says in the environment, as in make.
var goCommand = cmp.Or(os.Getenv("GO"), "go")

// goRoot returns the root of the toolchain that the module selects.
func goRoot() (string, error) {
	text, err := exec.Command(goCommand, "env", "GOROOT").Output()
	if err != nil {
		return "", fmt.Errorf("%s env GOROOT: %w", goCommand, err)
	}
	return strings.TrimSpace(string(text)), nil
}

// testFiles returns the module's test files.
func testFiles() (files []string, err error) {
	root, err := filepath.Abs(".")
	if err != nil {
		return nil, err
	}
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && (d.Name()[0] == '.' || path == filepath.Join(root, "build")):
			return filepath.SkipDir
		case strings.HasSuffix(path, "_test.go"):
			files = append(files, path)
		}
		return nil
	})
	return files, err
}
