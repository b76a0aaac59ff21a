// Package overlay turns the standard library of the installed toolchain into
// the one the kernel is built with. It writes the changed files and the index
// for "go build -overlay", and leaves GOROOT as it is. The tree holds no copy
// of Go's sources: what changes is listed in changes.go.
package overlay

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Index is the name of the file that Generate writes for go build -overlay.
const Index = "overlay.json"

// Generate writes the overlay for one architecture to dir and returns the path
// of its index. goroot is the root of the toolchain that will build; the hidden
// files do not exist for it. Files already there and right are not touched, so
// that builds may overlap.
func Generate(goroot, arch, dir string, hidden ...string) (index string, err error) {
	if err := listed(sources(), changes); err != nil {
		return "", err
	}
	src := filepath.Join(goroot, "src")
	files, err := apply(os.DirFS(src), sources(), Changes(arch))
	if err != nil {
		return "", fmt.Errorf("%w\n%s", err, advice(goroot))
	}
	dir, err = filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	replace := make(map[string]string, len(files)+len(hidden))
	for name, text := range files {
		to := filepath.Join(dir, filepath.FromSlash(name))
		if err := writeFile(to, text); err != nil {
			return "", err
		}
		replace[filepath.Join(src, filepath.FromSlash(name))] = to
	}
	for _, name := range hidden {
		replace[name] = "" // go help build, under -overlay: as if it did not exist
	}
	text, err := json.MarshalIndent(map[string]any{"Replace": replace}, "", "\t")
	if err != nil {
		return "", err
	}
	index = filepath.Join(dir, Index)
	return index, writeFile(index, append(text, '\n'))
}

// listed checks that every file of ours is in the list of changes.
func listed(ours fs.FS, list []Change) error {
	return fs.WalkDir(ours, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		for _, c := range list {
			if c.File == path && c.Kind != Substitute {
				return nil
			}
		}
		return fmt.Errorf("boot/overlay/_src/%s: not listed in boot/overlay/changes.go with its reason", path)
	})
}

// apply returns the new text of every changed file.
func apply(goroot, ours fs.FS, list []Change) (map[string][]byte, error) {
	files := make(map[string][]byte)
	for _, c := range list {
		var text []byte
		var err error
		switch c.Kind {
		case Substitute:
			text, err = substitute(goroot, files[c.File], c)
		case Replace, Add:
			text, err = whole(goroot, ours, c)
		default:
			err = fmt.Errorf("%s: unknown kind of change %q", c.File, c.Kind)
		}
		if err != nil {
			return nil, err
		}
		files[c.File] = text
	}
	return files, nil
}

// substitute applies c to the text so far, or to Go's file if there is none.
func substitute(goroot fs.FS, text []byte, c Change) ([]byte, error) {
	if text == nil {
		var err error
		if text, err = fs.ReadFile(goroot, c.File); err != nil {
			return nil, fmt.Errorf("%s: to be changed, but: %w", c.File, err)
		}
	}
	if n := strings.Count(string(text), c.Old); n != 1 {
		return nil, fmt.Errorf("%s: found %d times, not once: %q", c.File, n, c.Old)
	}
	return []byte(strings.Replace(string(text), c.Old, c.New, 1)), nil
}

// whole returns our file for c. Whether Go has one must be as c says.
func whole(goroot, ours fs.FS, c Change) ([]byte, error) {
	_, err := fs.Stat(goroot, c.File)
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, err
	case c.Kind == Replace && err != nil:
		return nil, fmt.Errorf("%s: to be replaced, but Go does not have it", c.File)
	case c.Kind == Add && err == nil:
		return nil, fmt.Errorf("%s: to be added, but Go has a file of that name", c.File)
	}
	return fs.ReadFile(ours, c.File)
}

// advice ends the message about an overlay that does not fit the toolchain.
func advice(goroot string) string {
	version := "unknown version"
	if text, err := os.ReadFile(filepath.Join(goroot, "VERSION")); err == nil {
		version, _, _ = strings.Cut(string(text), "\n")
	}
	return fmt.Sprintf("The overlay does not fit the standard library of %s (%s).\n"+
		"Build with the toolchain that go.mod names, or see docs/runtime-port.md for how to carry a change over.", version, goroot)
}

// writeFile replaces the file at path with one of this text, unless it has it.
func writeFile(path string, text []byte) error {
	if have, err := os.ReadFile(path); err == nil && string(have) == string(text) {
		return nil
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(dir, ".tmp-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // gone by then if all went well
	if _, err := tmp.Write(text); err != nil {
		tmp.Close()
		return err
	}
	if err := tmp.Close(); err != nil {
		return err
	}
	if err := os.Chmod(tmp.Name(), 0o644); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}
