//go:build amd64

package serial

import (
	"testing"

	"github.com/usbarmory/tamago/soc/intel/uart"
)

// TestTamaGoRegisters compares our definitions with those of TamaGo's driver,
// which was made from the same data sheet.
func TestTamaGoRegisters(t *testing.T) {
	tests := []struct {
		name         string
		ours, theirs int
	}{
		{"RBR", regRBR, uart.RBR},
		{"THR", regTHR, uart.THR},
		{"IER", regIER, uart.IER},
		{"FCR", regFCR, uart.FCR},
		{"LCR", regLCR, uart.LCR},
		{"MCR", regMCR, uart.MCR},
		{"LSR", regLSR, uart.LSR},
		{"MSR", regMSR, uart.MSR},
		{"MCR OUT2", mcrOUT2, 1 << uart.MCR_INTEN},
		{"MCR RTS", mcrRTS, 1 << uart.MCR_RTS},
		{"MCR DTR", mcrDTR, 1 << uart.MCR_DTR},
		{"LSR DR", lsrDR, 1 << uart.LSR_DR},
		{"LSR THRE", lsrTHRE, 1 << uart.LSR_THRE},
	}
	for _, tt := range tests {
		if tt.ours != tt.theirs {
			t.Errorf("%s is %#x, TamaGo has %#x", tt.name, tt.ours, tt.theirs)
		}
	}
}
