//go:build !(metal && amd64)

package serial

import "errors"

// openPorts fails: there are no I/O ports.
func openPorts(uint64) (Registers8, error) {
	return nil, errors.New("this machine has no I/O ports")
}
