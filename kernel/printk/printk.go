package printk

import (
	"fmt"
	"unsafe"
)

// lineBuffer is how long a message may be before formatting it allocates.
const lineBuffer = 256

func (l *Log) printf(level Level, format string, args []any) {
	var line [lineBuffer]byte
	l.add(level, FacilityKern, fmt.Appendf(line[:0], format, args...))
}

// The functions below add a message of their level, formatted as by
// fmt.Printf. It needs no newline at its end; inside it separates lines that
// belong together.

// Emerg logs that the system is unusable.
func Emerg(format string, args ...any) { kernelLog.printf(LevelEmerg, format, args) }

// Alert logs what must be acted on immediately.
func Alert(format string, args ...any) { kernelLog.printf(LevelAlert, format, args) }

// Crit logs a critical condition.
func Crit(format string, args ...any) { kernelLog.printf(LevelCrit, format, args) }

// Err logs an error.
func Err(format string, args ...any) { kernelLog.printf(LevelErr, format, args) }

// Warn logs a warning.
func Warn(format string, args ...any) { kernelLog.printf(LevelWarning, format, args) }

// Notice logs something normal but significant.
func Notice(format string, args ...any) { kernelLog.printf(LevelNotice, format, args) }

// Info logs information.
func Info(format string, args ...any) { kernelLog.printf(LevelInfo, format, args) }

// Debug logs what helps to debug.
func Debug(format string, args ...any) { kernelLog.printf(LevelDebug, format, args) }

// Print logs text as it is. It doesn't allocate.
func Print(level Level, text string) {
	kernelLog.add(level, FacilityKern, unsafe.Slice(unsafe.StringData(text), len(text)))
}
