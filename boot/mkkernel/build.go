package main

import (
	"debug/elf"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"onsen/boot/check"
	"onsen/boot/image"
)

// A target says how Go's linker lays out the kernel of one architecture.
type target struct {
	// text is the address of the code, as the linker's -T wants it: a signed
	// number. One page with the ELF header lies in front of it.
	text string
	// entry is the ELF entry point. The linker keeps it and what it refers
	// to, Go's own entry point among others.
	entry string
}

var targets = map[string]target{
	// 0xffffffff80200000: 2 MiB above the start of physical memory.
	"amd64": {text: "-0x7fe00000", entry: "onsen/arch/amd64.bootPVH"},
	// 0xffffffff80001000: the ELF header's page becomes the image header.
	"arm64": {text: "-0x7ffff000", entry: "onsen/arch/arm64.start"},
}

// A builder runs go commands for the kernel of one architecture.
type builder struct {
	arch  string
	main  string // directory of package main
	tags  string // besides metal
	check bool   // the lowest layer
	index string // overlay index

	goroot string // with the changes in place of the overlay; empty for Go's own
}

// build writes the boot image out and the ELF file out.elf.
func (b *builder) build(out string) error {
	if err := os.MkdirAll(filepath.Dir(out), 0o777); err != nil {
		return err
	}
	linked := out + ".elf"
	step("GO", linked)
	if err := replace(linked, b.link); err != nil {
		return err
	}
	f, err := os.Open(linked)
	if err != nil {
		return err
	}
	defer f.Close()
	step("IMAGE", out)
	img, err := image.Build(f)
	if err != nil {
		return fmt.Errorf("%s: %w", linked, err)
	}
	err = replace(out, func(tmp string) error { return os.WriteFile(tmp, img, 0o755) })
	if err != nil || !b.check {
		return err
	}
	step("CHECK", linked)
	return lowestLayer(f)
}

// lowestLayer checks the linked kernel.
func lowestLayer(f *os.File) error {
	kernel, err := elf.NewFile(f)
	if err != nil {
		return err
	}
	n, err := check.LowestLayer(kernel)
	if err == nil {
		fmt.Printf("          the %d functions of the lowest layer are as they should be\n", n)
	}
	return err
}

// link builds the ELF file. Nothing of this machine gets into it: not the
// paths of the trees (-trimpath), the state of the repository (-buildvcs), or
// identifiers that depend on the build cache (-buildid).
func (b *builder) link(out string) error {
	t := targets[b.arch]
	ldflags := strings.Join([]string{"-buildid=", "-T=" + t.text, "-E=" + t.entry}, " ")
	pkg := b.main
	if !filepath.IsAbs(pkg) {
		pkg = "./" + pkg
	}
	args := []string{goCommand, "build", "-buildvcs=false", "-ldflags=" + ldflags, "-o", out}
	if !terminal(os.Stderr) {
		return b.command(append(args, pkg), os.Stderr)
	}
	packages := &counter{out: os.Stderr}
	defer packages.clear()
	return b.command(append(args, "-v", pkg), packages)
}

// command runs one command with an environment in which go commands build for
// the kernel. What it says about errors goes to stderr.
func (b *builder) command(args []string, stderr io.Writer) error {
	tags := "metal"
	if b.tags != "" {
		tags += "," + b.tags
	}
	flags := "-tags=" + tags + " -trimpath"
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, stderr
	cmd.Env = append(os.Environ(),
		"GOOS=linux",
		"GOARCH="+b.arch,
		"GOAMD64=v1",
		"GOARM64=v8.0",
		"CGO_ENABLED=0",
		"GOWORK=off",
		// The heap base must not be a random address: the kernel's address
		// space has a place for it.
		"GOEXPERIMENT=norandomizedheapbase64",
	)
	if b.goroot != "" {
		cmd.Env = append(cmd.Env, "GOROOT="+b.goroot)
	} else {
		flags += " -overlay=" + b.index
	}
	cmd.Env = append(cmd.Env, "GOFLAGS="+flags)
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", strings.Join(args, " "), err)
	}
	return nil
}

// replace has a file made under another name and moves it to path once it is
// complete.
func replace(path string, write func(tmp string) error) error {
	tmp := fmt.Sprintf("%s.tmp%d", path, os.Getpid())
	defer os.Remove(tmp) // gone by then if all went well
	if err := write(tmp); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}
