//go:build !metal

package mm

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"testing"
)

// The calls below touchStack must not go deeper than it has touched. The
// linker knows how deep they go.
func TestStackDepth(t *testing.T) {
	if testing.Short() {
		t.Skip("links the test program once more")
	}
	cmd := exec.Command("go", "test", "-c", "-o", os.DevNull, "-ldflags=-debugnosplit", ".")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	type call struct {
		frame  int
		callee string
	}
	calls := map[string][]call{}
	// What the pretended machine of the host calls does not count.
	line := regexp.MustCompile(`nosplit: onsen/kernel/mm\.(\S+)<\d> \+(\d+) -> (?:onsen/kernel/mm\.)?([^\s<]+)`)
	for _, m := range line.FindAllStringSubmatch(string(out), -1) {
		frame, _ := strconv.Atoi(m[2])
		calls[m[1]] = append(calls[m[1]], call{frame, m[3]})
	}
	touching := []string{"allocPage", "allocBlock", "FreePage", "FreePages", "giveBlock", "retireEarly", "cpuFree", "freeBlocks"}
	var depth func(name string) int
	depth = func(name string) (deepest int) {
		for _, c := range calls[name] {
			n := c.frame
			if !slices.Contains(touching, c.callee) {
				n += depth(c.callee)
			}
			deepest = max(deepest, n)
		}
		return deepest
	}
	const relax = 100 // for arch.CPURelax and the last frame
	for _, name := range touching {
		n := depth(name)
		if n == 0 {
			t.Errorf("the linker does not know %s", name)
		}
		if n+relax > stackDepth {
			t.Errorf("%s needs %d bytes of stack, touchStack looks at %d", name, n, stackDepth)
		}
	}
}
