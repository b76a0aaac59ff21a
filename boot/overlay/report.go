package overlay

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Report explains to w every change for one architecture. It fails like
// Generate if the toolchain's files are not as expected.
func Report(w io.Writer, goroot, arch string) error {
	list := Changes(arch)
	if _, err := apply(os.DirFS(filepath.Join(goroot, "src")), sources(), list); err != nil {
		return fmt.Errorf("%w\n%s", err, advice(goroot))
	}
	fmt.Fprintf(w, "Standard library of the %s kernel: %d changes to %s\n", arch, len(list), goroot)
	for _, c := range list {
		fmt.Fprintf(w, "\n%s (%s)\n", c.File, c.Kind)
		fmt.Fprintf(w, "    %s\n", c.Why)
		if c.Kind == Substitute {
			excerpt(w, "-", c.Old)
			excerpt(w, "+", c.New)
		}
	}
	return nil
}

func excerpt(w io.Writer, mark, text string) {
	for line := range strings.Lines(text) {
		fmt.Fprintf(w, "    %s %s\n", mark, strings.TrimSuffix(line, "\n"))
	}
}
