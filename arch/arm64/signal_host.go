//go:build !metal

package arm64

func signalReturn() uintptr { return 0x1000 }
