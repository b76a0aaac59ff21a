// Mkinitramfs writes an initramfs image: a cpio archive of the files, links and
// directories that it is told about.
//
//	mkinitramfs -o IMAGE [ITEM ...]
//
// An item is PATH=FILE for a program or other file, with mode 0755, PATH@TARGET
// for a symbolic link, or PATH/ for a directory. Directories above an item are
// made.
package main

import (
	"flag"
	"fmt"
	"os"
	"path"
	"strings"

	"github.com/u-root/u-root/pkg/cpio"
)

func main() {
	out := flag.String("o", "", "image to write")
	flag.Parse()
	if err := write(*out, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "mkinitramfs:", err)
		os.Exit(1)
	}
}

func write(out string, items []string) error {
	var records []cpio.Record
	made := map[string]bool{".": true}
	for _, item := range items {
		name, r, err := record(item)
		if err != nil {
			return err
		}
		records = append(records, parents(name, made)...)
		if !made[name] {
			made[name] = true
			records = append(records, r)
		}
	}
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	w := cpio.Newc.Writer(f)
	cpio.MakeAllReproducible(records)
	if err := cpio.WriteRecords(w, records); err != nil {
		return err
	}
	if err := cpio.WriteTrailer(w); err != nil {
		return err
	}
	return f.Close()
}

// record reads one item.
func record(item string) (name string, r cpio.Record, err error) {
	name, file, isFile := strings.Cut(item, "=")
	if isFile {
		name = clean(name)
		data, err := os.ReadFile(file)
		return name, cpio.StaticFile(name, string(data), 0o755), err
	}
	if name, target, isLink := strings.Cut(item, "@"); isLink {
		name = clean(name)
		return name, cpio.Symlink(name, target), nil
	}
	if !strings.HasSuffix(item, "/") {
		return "", cpio.Record{}, fmt.Errorf("%q is no PATH=FILE, PATH@TARGET or PATH/", item)
	}
	name = clean(item)
	return name, cpio.Directory(name, 0o755), nil
}

// clean makes a path one of the archive: without a slash in front.
func clean(name string) string { return strings.TrimPrefix(path.Clean("/"+name), "/") }

// parents returns the directories above name that are not there yet.
func parents(name string, made map[string]bool) []cpio.Record {
	dir := path.Dir(name)
	if made[dir] {
		return nil
	}
	made[dir] = true
	return append(parents(dir, made), cpio.Directory(dir, 0o755))
}
