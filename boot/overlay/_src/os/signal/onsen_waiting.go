package signal

// Waiting is the function that TamaGo's fork adds: it reports whether a
// goroutine waits for signals. Here nobody sends any.
func Waiting() bool { return true }
