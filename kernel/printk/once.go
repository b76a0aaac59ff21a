package printk

import (
	"runtime"
	"sync"
)

// A place is a line of the kernel's source.
type place struct {
	file string
	line int
}

// said has the places that have used their one message.
var said sync.Map // of place, to nothing

// first tells whether the function skip calls up the stack is at its place for
// the first time.
func first(skip int) bool {
	_, file, line, _ := runtime.Caller(skip + 1)
	_, loaded := said.LoadOrStore(place{file, line}, nil)
	return !loaded
}

// WarnOnce is Warn, the first time only that this line of source is reached.
func WarnOnce(format string, args ...any) {
	if first(1) {
		Warn(format, args...)
	}
}

// InfoOnce is Info, the first time only that this line of source is reached.
func InfoOnce(format string, args ...any) {
	if first(1) {
		Info(format, args...)
	}
}
