package overlay

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Report explains to w every change for one architecture. It fails like
// Generate if the toolchain's files are not as expected.
func Report(w io.Writer, goroot, arch string) error {
	list := Changes(arch)
	stock := os.DirFS(filepath.Join(goroot, "src"))
	if _, err := apply(stock, sources(), list); err != nil {
		return fmt.Errorf("%w\n%s", err, advice(goroot))
	}
	fmt.Fprintf(w, "The %s kernel is built with the standard library of %s and %d changes:\n", arch, goroot, len(list))
	for _, c := range list {
		fmt.Fprintf(w, "\n%s (%s)\n    %s\n", c.File, c.Kind, c.Why)
		var err error
		if c.Kind == Substitute {
			err = diff(w, stock, c)
		} else {
			err = sizes(w, stock, c)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// diff shows a substitution as a diff of whole lines.
func diff(w io.Writer, stock fs.FS, c Change) error {
	text, err := fs.ReadFile(stock, c.File)
	if err != nil {
		return err
	}
	before, after, _ := strings.Cut(string(text), c.Old)
	start := strings.LastIndex(before, "\n") + 1
	tail, _, _ := strings.Cut(after, "\n")
	fmt.Fprintf(w, "    @@ line %d @@\n", strings.Count(before, "\n")+1)
	lines(w, "-", before[start:]+c.Old+tail)
	lines(w, "+", before[start:]+c.New+tail)
	return nil
}

func lines(w io.Writer, mark, text string) {
	for line := range strings.Lines(text) {
		fmt.Fprintf(w, "    %s%s\n", mark, strings.TrimSuffix(line, "\n"))
	}
}

// sizes says how many lines go and come with a whole file.
func sizes(w io.Writer, stock fs.FS, c Change) error {
	text, err := fs.ReadFile(sources(), c.File)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "    boot/overlay/_src/%s: +%d lines", c.File, strings.Count(string(text), "\n"))
	if c.Kind == Replace {
		text, err := fs.ReadFile(stock, c.File)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, ", -%d lines", strings.Count(string(text), "\n"))
	}
	fmt.Fprintln(w)
	return nil
}
