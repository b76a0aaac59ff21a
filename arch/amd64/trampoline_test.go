package amd64

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestTrampolineOffsets compares the numbers in smp_amd64.s with those that Go
// code uses. That the instructions are what their comments say is tested in
// boot/check.
func TestTrampolineOffsets(t *testing.T) {
	text, err := os.ReadFile("smp_amd64.s")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		fmt.Sprintf("// lgdtl %#x\n", trampolineGDTR),
		fmt.Sprintf("// ljmp *%#x\n", trampolineJump),
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("smp_amd64.s does not have %q", want)
		}
	}
	const page = 4096
	offsets := []int{0, trampolineLong, trampolineGDTR, trampolineJump, trampolineCPU, trampolineGo, trampolineAlive, page}
	for i, o := range offsets[1:] {
		if o%8 != 0 || o-offsets[i] < 8 || i < 2 && o-offsets[i] < trampolineCode {
			t.Errorf("offsets overlap or are not aligned: %#x", offsets)
		}
	}
}
