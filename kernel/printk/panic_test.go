package printk

import (
	"testing"

	"onsen/kernel/spin"
)

func enterPanic(t *testing.T) {
	t.Helper()
	level := kernelLog.consoleLevel()
	if !EnterPanic() || EnterPanic() {
		t.Fatal("EnterPanic is not the first, or twice the first")
	}
	t.Cleanup(func() {
		panicCPU.Store(0)
		kernelLog.setWhich(LevelsConsole, level)
	})
}

// TestPanicWithLockHeld is the panic of a CPU while another one is stopped
// inside the log, and of code that the log itself runs.
func TestPanicWithLockHeld(t *testing.T) {
	l := newLog()
	var c recorder
	mustRegister(t, l, "c", &c, 0)
	c.take()
	l.mu.Lock()
	defer l.mu.Unlock()
	enterPanic(t)
	l.info("last words")
	c.expect(t, "last words")
}

func TestPanicInsideConsole(t *testing.T) {
	l := newLog()
	var c recorder
	c.onWrite = func(line string) {
		if line == "trouble" {
			enterPanic(t)
			l.info("panic")
		}
	}
	mustRegister(t, l, "c", &c, 0)
	c.take()
	l.info("trouble")
	c.expect(t, "trouble", "panic")
}

func TestPanicElsewhere(t *testing.T) {
	l := newLog()
	var c recorder
	mustRegister(t, l, "c", &c, 0)
	c.take()
	panicCPU.Store(7) // not this one
	defer panicCPU.Store(0)
	l.info("quiet please")
	c.expect(t)
	if !Panicking() || panickingHere() || EnterPanic() {
		t.Error("whose panic is it?")
	}
	panicCPU.Store(1)
	l.info("report")
	c.expect(t, "quiet please", "report")
}

func TestEnterPanicLevel(t *testing.T) {
	enterPanic(t)
	if kernelLog.consoleLevel() != ConsoleLevelMotormouth {
		t.Errorf("console level is %d", kernelLog.consoleLevel())
	}
}

func TestTryLock(t *testing.T) {
	var mu spin.Lock
	if !TryLock(&mu) {
		t.Fatal("a free lock is not free")
	}
	enterPanic(t)
	if TryLock(&mu) {
		t.Error("took a held lock")
	}
	mu.Unlock()
	if !TryLock(&mu) {
		t.Error("a free lock is not free in a panic")
	}
	mu.Unlock()
}
