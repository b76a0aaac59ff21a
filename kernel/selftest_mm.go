//go:build metal

package kernel

import (
	"errors"
	"fmt"

	"onsen/kernel/mm"
)

func init() { selfTests = append(selfTests, selfTest{"page-allocator", testPages}) }

// testPages runs the page allocator's own checks. They use goroutines.
func testPages() (err error) {
	onGoroutine(func() {
		mm.SelfTest(vmalloc, func(name string, e error) {
			if e != nil {
				err = errors.Join(err, fmt.Errorf("%s: %w", name, e))
			}
		})
	})
	return err
}
