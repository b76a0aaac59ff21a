//go:build !metal

package kernel

import (
	"math"
	"testing"

	"onsen/kernel/sched"
)

func TestCPUSplit(t *testing.T) {
	type times struct{ user, system int64 }
	for name, tt := range map[string]struct {
		before times
		s      sched.CPUSample
		want   times
	}{
		"nothing":              {times{}, sched.CPUSample{}, times{}},
		"no tick":              {times{}, sched.CPUSample{Time: 10}, times{10, 0}},
		"only user mode":       {times{}, sched.CPUSample{Time: 10, User: 3}, times{10, 0}},
		"only the kernel":      {times{}, sched.CPUSample{Time: 10, System: 3}, times{0, 10}},
		"both":                 {times{}, sched.CPUSample{Time: 1000, User: 3, System: 1}, times{750, 250}},
		"kernel not backwards": {times{0, 500}, sched.CPUSample{Time: 1000, User: 3, System: 1}, times{500, 500}},
		"user not backwards":   {times{900, 0}, sched.CPUSample{Time: 1000, User: 1, System: 1}, times{900, 100}},
		"an old sample":        {times{70, 30}, sched.CPUSample{Time: 90, System: 1}, times{70, 30}},
		"years":                {times{}, sched.CPUSample{Time: math.MaxInt64, User: 1 << 62, System: 1 << 62}, times{math.MaxInt64/2 + 1, math.MaxInt64 / 2}},
	} {
		c := cpuSplit{user: tt.before.user, system: tt.before.system}
		user, system := c.split(tt.s)
		if got := (times{user, system}); got != tt.want {
			t.Errorf("%s: %+v, want %+v", name, got, tt.want)
		}
	}
}
