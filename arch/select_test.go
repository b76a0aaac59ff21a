package arch

import (
	"os"
	"strings"
	"testing"
)

// The selecting files differ in nothing but the architecture's name: whoever
// adds to one adds to both.
func TestSelectFilesAgree(t *testing.T) {
	read := func(name string) string {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	want := strings.ReplaceAll(read("select_amd64.go"), "amd64", "arm64")
	if read("select_arm64.go") != want {
		t.Error("select_arm64.go is not what go generate ./arch makes of select_amd64.go")
	}
}
