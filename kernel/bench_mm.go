//go:build metal

package kernel

import (
	"errors"

	"onsen/arch"
	"onsen/kernel/mm"
)

func init() { benches = append(benches, bench{"page-alloc-and-free", 1, benchPage, 5_000}) }

// benchPage measures taking a page from the page allocator and giving it back.
func benchPage(n int) (float64, error) {
	start := arch.Counter()
	for range n {
		pa := mm.AllocPage()
		if pa == 0 {
			return 0, errors.New("no page")
		}
		mm.FreePage(pa)
	}
	return perOp(start, n), nil
}
