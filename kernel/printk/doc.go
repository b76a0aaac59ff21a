// Package printk is the kernel log: a ring of records in memory, the consoles
// that show them, and the readers behind /dev/kmsg and syslog(2). Formats,
// levels and errors are Linux's.
//
// Info, Err and their sisters work in any ordinary Go code, with spin locks
// held, interrupts masked, or inside a console driver. Formatting may allocate;
// Print doesn't, and is the one to use under a spin lock. The lowest layer,
// which may run no ordinary Go, has Emergency.
//
// # Locking
//
// Log.mu guards the ring, all cursors and the list of consoles. It is held for
// copying one record and never while a console writes.
//
// Whoever adds a record also shows it. Only one context at a time shows: the
// one that has made itself the owner of the consoles. Others leave their record
// to it, and a console driver that logs leaves it to the call it is part of.
// So nobody ever waits for a console but its own driver.
//
// After EnterPanic neither of the two can stop the CPU that panics: it tries
// for a while and then goes on without.
package printk
