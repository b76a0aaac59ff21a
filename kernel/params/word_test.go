package params

import (
	"slices"
	"testing"
)

func TestNextWord(t *testing.T) {
	tests := []struct {
		line string
		want []word
	}{
		{`quiet`, []word{{name: "quiet"}}},
		{"a \t b\nc", []word{{name: "a"}, {name: "b"}, {name: "c"}}},
		{`root=/dev/vda`, []word{{name: "root", value: "/dev/vda", hasValue: true}}},
		{`a=`, []word{{name: "a", hasValue: true}}},
		{`a=b=c`, []word{{name: "a", value: "b=c", hasValue: true}}},
		{`=a`, []word{{name: "=a"}}},
		{`=a=b`, []word{{name: "=a", value: "b", hasValue: true}}},

		// Quotes around the value, around the word, and inside either.
		{`a="b c" d`, []word{{name: "a", value: "b c", hasValue: true}, {name: "d"}}},
		{`"a=b c" d`, []word{{name: "a", value: "b c", hasValue: true}, {name: "d"}}},
		{`"b c"`, []word{{name: "b c"}}},
		{`a=b" "c`, []word{{name: "a", value: `b" "c`, hasValue: true}}},
		{`a="b c"d`, []word{{name: "a", value: `b c"d`, hasValue: true}}},
		{`x" "y`, []word{{name: `x" "y`}}},
		{`""`, []word{{name: ""}}},
		{`a=""`, []word{{name: "a", hasValue: true}}},

		{`a="b c`, []word{{name: "a", value: "b c", hasValue: true, unbalanced: true}}},
		{`a="`, []word{{name: "a", hasValue: true, unbalanced: true}}},
		{`"`, []word{{unbalanced: true}}},
	}
	for _, tt := range tests {
		var got []word
		for rest := tt.line; rest != ""; {
			var w word
			w, rest = nextWord(rest)
			got = append(got, w)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%q:\n got %+v\nwant %+v", tt.line, got, tt.want)
		}
	}
}

func TestSameName(t *testing.T) {
	if !sameName("log-buf_len", "log_buf-len") {
		t.Error("dashes and underscores differ")
	}
	if sameName("loglevel", "log_level") || sameName("mem", "meme") {
		t.Error("different names are the same")
	}
}
