package spin

import (
	"runtime"
	"sync"
	"testing"
)

func TestOwnerExcludes(t *testing.T) {
	const cpus, rounds = 8, 2000
	var (
		o     owner
		count int // protected by o
		wg    sync.WaitGroup
	)
	for cpu := range cpus {
		wg.Go(func() {
			for range rounds {
				for !o.acquire(cpu) {
					runtime.Gosched()
				}
				if !o.heldBy(cpu) {
					t.Errorf("CPU %d does not hold what it took", cpu)
				}
				count++
				o.release()
			}
		})
	}
	wg.Wait()
	if count != cpus*rounds {
		t.Errorf("count = %d, want %d", count, cpus*rounds)
	}
	if !o.free() {
		t.Error("not free at the end")
	}
}

func TestOwnerChecks(t *testing.T) {
	held := func(cpu int) *owner {
		o := new(owner)
		o.acquire(cpu)
		return o
	}
	tests := []struct {
		name  string
		check func()
		want  bool
	}{
		{"lock a free one", func() { new(owner).checkLock(0) }, false},
		{"lock another CPU's", func() { held(1).checkLock(0) }, false},
		{"lock one's own", func() { held(0).checkLock(0) }, true},
		{"unlock one's own", func() { held(0).checkUnlock(0) }, false},
		{"unlock another CPU's", func() { held(1).checkUnlock(0) }, true},
		{"unlock a free one", func() { new(owner).checkUnlock(0) }, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			defer func() {
				if got := recover() != nil; got != tt.want {
					t.Errorf("panicked = %v, want %v", got, tt.want)
				}
			}()
			tt.check()
		})
	}
}

func TestLock(t *testing.T) {
	var l Lock
	l.Lock()
	if l.TryLock() {
		t.Fatal("TryLock took a held lock")
	}
	l.Unlock()
	if !l.TryLock() {
		t.Fatal("TryLock did not take a free lock")
	}
	l.Unlock()
}
