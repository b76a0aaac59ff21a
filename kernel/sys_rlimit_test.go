package kernel

import (
	"syscall"
	"testing"
)

func TestChangeRlimit(t *testing.T) {
	inTask(t, func() {
		p := new(Task)
		p.signal = new(SignalStruct)
		p.signal.processLimits.init(1000)
		tests := []struct {
			resource uintptr
			to       *Rlimit
			want     Rlimit // afterwards
			err      error
		}{
			{RLIMIT_NOFILE, nil, Rlimit{1024, 4096}, nil},
			{RLIMIT_NOFILE, &Rlimit{10, 20}, Rlimit{10, 20}, nil},
			{RLIMIT_NOFILE, &Rlimit{21, 20}, Rlimit{10, 20}, syscall.EINVAL},
			{RLIMIT_NOFILE, &Rlimit{1, nrOpenMax + 1}, Rlimit{10, 20}, syscall.EPERM},
			{RLIMIT_NPROC, nil, Rlimit{500, 500}, nil},
			{RLIMIT_CORE, &Rlimit{RLIM_INFINITY, RLIM_INFINITY}, Rlimit{RLIM_INFINITY, RLIM_INFINITY}, nil},
			{rlimNlimits, nil, Rlimit{}, syscall.EINVAL},
		}
		for _, tt := range tests {
			if _, err := changeRlimit(p, tt.resource, tt.to); err != tt.err {
				t.Errorf("%d to %v: %v, want %v", tt.resource, tt.to, err, tt.err)
			}
			if tt.resource < rlimNlimits && p.signal.rlimit(int(tt.resource)) != tt.want {
				t.Errorf("%d: %v, want %v", tt.resource, p.signal.rlimit(int(tt.resource)), tt.want)
			}
		}
	})
}
