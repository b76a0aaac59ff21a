package params

import "strings"

// A word is one word of the command line: name, or name=value.
type word struct {
	name, value string

	// hasValue tells name= from name.
	hasValue bool

	// unbalanced means the line ended inside quotes.
	unbalanced bool
}

// String puts the word together again, without its quotes.
func (w word) String() string {
	if w.hasValue {
		return w.name + "=" + w.value
	}
	return w.name
}

// nextWord takes one word off the front of s, which starts with no space.
//
// "Double-quotes can be used to protect spaces in values, e.g.:
// param="spaces in here"". Quotes may also enclose the whole word. They are
// removed in these two places only; anywhere else they protect spaces and stay.
//
// As in Linux, a word does not start with its equals sign: "=a" has no value.
func nextWord(s string) (w word, rest string) {
	quoted := strings.HasPrefix(s, `"`)
	if quoted {
		s = s[1:]
	}
	end, equals, inQuotes := 0, 0, quoted
	for ; end < len(s) && (inQuotes || !isSpace(s[end])); end++ {
		switch {
		case s[end] == '"':
			inQuotes = !inQuotes
		case s[end] == '=' && equals == 0:
			equals = end
		}
	}
	w.name, rest = s[:end], skipSpaces(s[end:])
	w.unbalanced = inQuotes
	if equals > 0 {
		w.name, w.value, w.hasValue = s[:equals], s[equals+1:end], true
	}
	last := &w.name
	if w.hasValue {
		last = &w.value
		if strings.HasPrefix(w.value, `"`) {
			w.value, quoted = w.value[1:], true
		}
	}
	if quoted {
		*last = strings.TrimSuffix(*last, `"`)
	}
	return w, rest
}

func skipSpaces(s string) string {
	for s != "" && isSpace(s[0]) {
		s = s[1:]
	}
	return s
}

func isSpace(c byte) bool {
	return c == ' ' || '\t' <= c && c <= '\r'
}

// sameName compares names of parameters. "Note that hyphens and underscores
// are equivalent in parameter names, so: log_buf_len=1M can also be entered
// as: log-buf-len=1M".
func sameName(a, b string) bool {
	return underscores(a) == underscores(b)
}

func underscores(s string) string {
	return strings.ReplaceAll(s, "-", "_")
}
