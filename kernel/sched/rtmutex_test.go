//go:build !metal

package sched

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"
)

// idleTasks makes tasks that never run: real time with a priority above 0, else fair
// with a nice value.
func idleTasks(prios ...int) []*Task {
	tasks := make([]*Task, len(prios))
	for i, prio := range prios {
		tasks[i] = new(Task)
		Fork(tasks[i], nil)
		setPrioOf(tasks[i], prio)
	}
	return tasks
}

func setPrioOf(t *Task, prio int) {
	if prio > 0 {
		t.SetParams(Params{Policy: PolicyFIFO, RTPriority: prio})
	} else {
		t.SetParams(Params{Nice: prio})
	}
}

// shown are the priorities of tasks as /proc has them.
func shown(tasks []*Task) (prios []int) {
	for _, t := range tasks {
		prio, _, _ := t.Priorities()
		prios = append(prios, prio)
	}
	return prios
}

func expectPrios(t *testing.T, what string, tasks []*Task, want ...int) {
	t.Helper()
	if got := shown(tasks); !slices.Equal(got, want) {
		t.Errorf("%s: priorities %v, want %v", what, got, want)
	}
}

// startWait has a task wait for a lock.
func startWait(m *RtMutex, t *Task) (w *RtWaiter, taken bool, err error) {
	w = new(RtWaiter)
	LockRt()
	defer UnlockRt()
	if taken, err = m.Start(w, t); err != nil {
		m.Leave(w)
	}
	return w, taken, err
}

func leave(m *RtMutex, w *RtWaiter) {
	LockRt()
	m.Leave(w)
	UnlockRt()
}

// next lets go of a lock and has the first waiter take it.
func next(m *RtMutex, of map[*Task]*RtWaiter) *Task {
	LockRt()
	defer UnlockRt()
	m.Release()
	t := m.Top()
	if t != nil && !m.TryTake(t, of[t]) {
		panic("the first waiter does not get the lock")
	}
	return t
}

func TestRtMutexBoosts(t *testing.T) {
	tasks := idleTasks(0, 10, 30, 0)
	m := new(RtMutex)
	_, taken, _ := startWait(m, tasks[0])
	if !taken || m.Owner() != tasks[0] {
		t.Fatal("a free lock was not taken")
	}
	of := make(map[*Task]*RtWaiter)
	for i := 1; i < 4; i++ {
		of[tasks[i]], _, _ = startWait(m, tasks[i])
	}
	expectPrios(t, "all wait", tasks, -31, -11, -31, 20)
	setPrioOf(tasks[2], 5)
	expectPrios(t, "one is lowered", tasks, -11, -11, -6, 20)
	setPrioOf(tasks[2], 50)
	expectPrios(t, "and raised", tasks, -51, -11, -51, 20)
	setPrioOf(tasks[0], 20)
	expectPrios(t, "the owner changes", tasks, -51, -11, -51, 20)
	leave(m, of[tasks[2]])
	expectPrios(t, "one has left", tasks, -21, -11, -51, 20)
	setPrioOf(tasks[0], 0)
	expectPrios(t, "the owner changes back", tasks, -11, -11, -51, 20)
	if got := next(m, of); got != tasks[1] {
		t.Error("not the most urgent is next")
	}
	expectPrios(t, "next", tasks, 20, -11, -51, 20)
	if p := tasks[0].Params(); p.Policy != PolicyNormal {
		t.Errorf("the policy has changed: %+v", p)
	}
}

func TestRtMutexOrder(t *testing.T) {
	tasks := idleTasks(0, 0, 10, -5, 20, 10, 20)
	m := new(RtMutex)
	of := make(map[*Task]*RtWaiter)
	for _, task := range tasks {
		of[task], _, _ = startWait(m, task)
	}
	for _, want := range []int{4, 6, 2, 5, 1, 3} {
		if got := next(m, of); got != tasks[want] {
			t.Errorf("task %d is next, want %d", slices.Index(tasks, got), want)
		}
	}
	if next(m, of) != nil || m.Owner() != nil {
		t.Error("somebody is left")
	}
	expectPrios(t, "at the end", tasks, 20, 20, -11, 15, -21, -11, -21)
}

// Between two owners whoever is more urgent than the first waiter gets the lock.
func TestRtMutexStealing(t *testing.T) {
	tasks := idleTasks(0, 10, 10, 11)
	m := new(RtMutex)
	of := make(map[*Task]*RtWaiter)
	for _, task := range tasks[:2] {
		of[task], _, _ = startWait(m, task)
	}
	LockRt()
	m.Release()
	if m.TryTake(tasks[0], nil) || m.TryTake(tasks[2], nil) {
		t.Error("one that is not more urgent got it")
	}
	if !m.TryTake(tasks[3], nil) || m.TryTake(tasks[1], of[tasks[1]]) {
		t.Error("one that is more urgent did not get it")
	}
	UnlockRt()
	if got := next(m, of); got != tasks[1] || of[got].Blocked() {
		t.Error("the waiter was forgotten")
	}
}

// chainOf makes tasks of which each owns a lock and waits for that of the one before.
func chainOf(t *testing.T, n int) (tasks []*Task, locks []*RtMutex, waits []*RtWaiter) {
	tasks = idleTasks(make([]int, n)...)
	for i, task := range tasks {
		locks = append(locks, new(RtMutex))
		startWait(locks[i], task)
		var w *RtWaiter
		if i > 0 {
			var err error
			if w, _, err = startWait(locks[i-1], task); err != nil {
				t.Fatalf("%d: %v", i, err)
			}
		}
		waits = append(waits, w)
	}
	return tasks, locks, waits
}

func TestRtChain(t *testing.T) {
	tasks, locks, waits := chainOf(t, 4)
	top := idleTasks(40)[0]
	w, _, _ := startWait(locks[3], top)
	expectPrios(t, "at the end of the chain", tasks, -41, -41, -41, -41)
	setPrioOf(top, 0)
	expectPrios(t, "it is fair", tasks, 20, 20, 20, 20)
	setPrioOf(top, 7)
	leave(locks[1], waits[2])
	expectPrios(t, "one in the middle has left", tasks, 20, 20, -8, -8)
	leave(locks[3], w)
	expectPrios(t, "it has left", tasks, 20, 20, 20, 20)
}

func TestRtDeadlock(t *testing.T) {
	tasks, locks, _ := chainOf(t, 5)
	setPrioOf(tasks[0], 12)
	for i := range locks {
		if _, _, err := startWait(locks[i], tasks[0]); err != syscall.EDEADLK {
			t.Errorf("lock %d: %v", i, err)
		}
	}
	expectPrios(t, "afterwards", tasks, -13, 20, 20, 20, 20)
	if tasks[0].blockedOn != nil {
		t.Error("it still waits")
	}
}

func TestRtDepth(t *testing.T) {
	defer MaxLockDepth.Store(MaxLockDepth.Load())
	_, locks, _ := chainOf(t, 4)
	for depth, want := range []error{syscall.EDEADLK, syscall.EDEADLK, syscall.EDEADLK, nil, nil} {
		MaxLockDepth.Store(int64(depth))
		w, _, err := startWait(locks[3], idleTasks(3)[0])
		if err != want {
			t.Errorf("depth %d: %v, want %v", depth, err, want)
		}
		leave(locks[3], w)
	}
}

// TestRtModel compares what comes of many random steps with what follows from the
// rules when nothing is remembered.
func TestRtModel(t *testing.T) {
	const nTasks, nLocks = 7, 5
	random := rand.New(rand.NewPCG(1, 2))
	tasks := idleTasks(make([]int, nTasks)...)
	own := make([]int, nTasks) // 0 is fair
	locks := make([]*RtMutex, nLocks)
	waits := make([]*RtWaiter, nTasks)
	for i := range locks {
		locks[i] = new(RtMutex)
	}
	index := func(task *Task) int { return slices.Index(tasks, task) }
	waitsFor := func(i int) *RtMutex {
		if waits[i] == nil {
			return nil
		}
		return waits[i].mutex
	}
	var effective func(i int) int
	effective = func(i int) int {
		best := own[i]
		for j := range tasks {
			if m := waitsFor(j); m != nil && m.owner == tasks[i] {
				best = max(best, effective(j))
			}
		}
		return best
	}
	reaches := func(m *RtMutex, i int) bool {
		for m != nil && m.owner != nil {
			owner := index(m.owner)
			if owner == i {
				return true
			}
			m = waitsFor(owner)
		}
		return false
	}
	deadlocks := 0
	for step := range 20000 {
		i, m := random.IntN(nTasks), locks[random.IntN(nLocks)]
		what := fmt.Sprintf("step %d, task %d", step, i)
		switch op := random.IntN(5); {
		case op == 0 && knowsTop(tasks[i]):
			own[i] = random.IntN(20)
			setPrioOf(tasks[i], own[i])
		case op == 1 && waitsFor(i) != nil:
			leave(waits[i].mutex, waits[i])
		case op == 2 && m.owner != nil && waitsFor(index(m.owner)) == nil:
			LockRt()
			m.Release()
			if top := m.Top(); top != nil && !m.TryTake(top, waits[index(top)]) {
				t.Fatal(what, "the first did not get it")
			}
			UnlockRt()
		case waitsFor(i) == nil:
			deadlock := reaches(m, i)
			var err error
			if waits[i], _, err = startWait(m, tasks[i]); (err != nil) != deadlock {
				t.Fatal(what, err, "want deadlock", deadlock)
			}
			if deadlock {
				deadlocks++
			}
		}
		for j, task := range tasks {
			want := 20
			if e := effective(j); e > 0 {
				want = -1 - e
			}
			if got, _, _ := task.Priorities(); got != want {
				t.Fatalf("%s: task %d has priority %d, want %d", what, j, got, want)
			}
		}
	}
	if deadlocks < 100 {
		t.Error("hardly a deadlock:", deadlocks)
	}
}

// knowsTop reports whether t has the priority of who waits for its locks, and would
// not lose it if its own were changed: see adjustPrio.
func knowsTop(t *Task) bool {
	return t.contended.root == nil || t.topWaiter == mutexOf(t.contended.root).Top()
}

// lockRt and unlockRt are how running tasks use the lock.
func lockRt(m *RtMutex, w *RtWaiter) {
	LockRt()
	taken, _ := m.Start(w, Current())
	for !taken {
		SetCurrentState(TaskInterruptible)
		if taken = m.TryTake(Current(), w); taken {
			break
		}
		UnlockRt()
		Schedule()
		LockRt()
	}
	SetCurrentState(TaskRunning)
	UnlockRt()
}

func unlockRt(m *RtMutex) {
	LockRt()
	m.Release()
	UnlockRt()
}

// TestRtMutexExcludes has tasks of all kinds meet at a lock on all CPUs. A lost
// wake-up hangs it.
func TestRtMutexExcludes(t *testing.T) {
	const n, rounds = 8, 300
	g := newTasks(t)
	m := new(RtMutex)
	count := 0
	for i := range n {
		g.start(AllCPUs, func() {
			w := new(RtWaiter)
			realTime(PolicyFIFO, i/2)
			for r := range rounds {
				lockRt(m, w)
				was := count
				if r%3 == 0 {
					Yield()
				}
				count = was + 1
				unlockRt(m)
			}
		})
	}
	g.wait()
	if count != n*rounds || m.owner != nil || m.waiters.root != nil {
		t.Errorf("count %d, want %d; owner %v", count, n*rounds, m.owner)
	}
}
