package params

import (
	"os"
	"strings"
	"testing"
)

// TestDocumentation checks that the page on boot options has every word.
func TestDocumentation(t *testing.T) {
	page, err := os.ReadFile("../../docs/boot-options.md")
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for line := range strings.Lines(string(page)) {
		if word, ok := strings.CutPrefix(line, "| `"); ok {
			word, _, _ = strings.Cut(word, "`")
			words = append(words, strings.TrimSuffix(word, "="))
		}
	}
	documented := make(map[string]bool)
	for _, w := range words {
		documented[w] = true
	}
	for _, s := range Default().table() {
		name := strings.TrimSuffix(s.Name, "=")
		if !documented[name] {
			t.Errorf("%s is not documented", name)
		}
		delete(documented, name)
	}
	for w := range documented {
		t.Errorf("%s is documented, but does not exist", w)
	}
}
