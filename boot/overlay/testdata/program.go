//go:build ignore

// Program exercises what the overlay changes in the runtime. It is built with
// the overlay and run on Linux.
package main

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/goos"
	"sync"
	"time"
)

var failed bool

func check(ok bool, format string, args ...any) {
	if !ok {
		failed = true
		fmt.Printf(format+"\n", args...)
	}
}

func main() {
	shortSleeps()
	earlierTimer()
	manyTimers()
	pipes()
	collections()
	tasks()
	hooks()
	if failed {
		os.Exit(1)
	}
	fmt.Println("PASS")
}

// shortSleeps end in time: none early, the fastest without rounding to
// milliseconds.
func shortSleeps() {
	best := time.Hour
	for range 50 {
		start := time.Now()
		time.Sleep(100 * time.Microsecond)
		took := time.Since(start)
		check(took >= 100*time.Microsecond, "a sleep of 100 µs took %v", took)
		best = min(best, took)
	}
	check(best < 900*time.Microsecond, "the shortest sleep of 100 µs took %v", best)
}

// earlierTimer starts a timer while a thread waits for a later one.
func earlierTimer() {
	late := time.AfterFunc(time.Hour, func() {})
	defer late.Stop()
	time.Sleep(5 * time.Millisecond) // let a thread wait for it
	done := make(chan bool)
	time.AfterFunc(time.Millisecond, func() { close(done) })
	start := time.Now()
	<-done // without the timer, until the test's own limit
	check(time.Since(start) < 10*time.Second, "a timer of 1 ms took %v", time.Since(start))
}

func manyTimers() {
	var wg sync.WaitGroup
	for i := range 1000 {
		wg.Go(func() {
			d := time.Duration(i%50) * time.Millisecond
			start := time.Now()
			time.Sleep(d)
			check(time.Since(start) >= d, "a sleep of %v ended early", d)
		})
	}
	wg.Wait()
}

// pipes cannot be polled, so they are read in blocking mode. Nobody takes the P
// of a thread that blocks: what is read must be there.
func pipes() {
	r, w, err := os.Pipe()
	if err != nil {
		check(false, "%v", err)
		return
	}
	w.WriteString("through a pipe")
	w.Close()
	text, err := io.ReadAll(r)
	check(string(text) == "through a pipe" && err == nil, "read %q, %v", text, err)
	check(r.SetDeadline(time.Now()) != nil, "a pipe has a deadline although it cannot be polled")
}

// collections stop goroutines that never call a function. They leave one P to
// the others: without the monitor thread, and without a kernel that sends
// signals in its place, they would keep it forever.
func collections() {
	stop := make([]bool, runtime.GOMAXPROCS(0)-1)
	for i := range stop {
		go func() {
			for !stop[i] {
			}
		}()
	}
	keep := make(map[int][]byte)
	for i := range 20 {
		keep[i%4] = make([]byte, 1<<20)
		runtime.GC()
	}
	for i := range stop {
		stop[i] = true
	}
	check(len(keep) == 4, "%d entries in the map", len(keep))
}

// tasks switches among goroutines outside of Go's scheduler.
func tasks() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	const rounds = 10000
	self := runtime.TaskSelf()
	count := 0
	var task *runtime.TaskG
	task = runtime.TaskNew(func() {
		check(runtime.TaskSelf() == task, "a task is not itself")
		for range rounds {
			count++
			runtime.TaskSwitch(self)
		}
		deep(1000) // the stack grows and moves
		runtime.TaskExit(self)
	})
	for i := range rounds {
		runtime.TaskSwitch(task)
		check(count == i+1, "%d switches to the task, %d seen there", i+1, count)
		if i%1000 == 0 {
			runtime.GC()
		}
	}
	pc, sp, _ := task.Sched()
	check(pc != 0 && sp != 0, "a parked task has pc %#x and sp %#x", pc, sp)
	runtime.TaskSwitch(task)

	check(!runtime.PreemptDisabled(), "preemption is disabled at first")
	runtime.PreemptDisable()
	runtime.PreemptDisable()
	runtime.PreemptEnable()
	check(runtime.PreemptDisabled(), "PreemptDisable does not nest")
	runtime.PreemptEnable()
	check(!runtime.PreemptDisabled(), "PreemptEnable does not end PreemptDisable")
}

//go:noinline
func deep(n int) int {
	var buf [64]int
	if n == 0 {
		return len(buf)
	}
	buf[n%64] = deep(n - 1)
	return buf[n%64]
}

// hooks uses what TamaGo's packages do.
func hooks() {
	start, end := runtime.MemRegion()
	check(start < end, "memory from %#x to %#x", start, end)
	start, end = runtime.TextRegion()
	check(start < end, "text from %#x to %#x", start, end)
	check(runtime.CPU() == runtime.GOARCH, "CPU is %q", runtime.CPU())
	check(signal.Waiting(), "nobody waits for signals")
	check(goos.Idle == nil && goos.RamSize == 0, "hooks are set")
}
