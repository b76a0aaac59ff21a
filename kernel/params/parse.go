package params

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

const (
	// MaxLen is the longest command line in bytes; the rest is cut off.
	MaxLen = 4096

	// MaxInitArgs and MaxInitEnvs bound what init gets from the command line
	// and its defaults (Linux's CONFIG_INIT_ENV_ARG_LIMIT).
	MaxInitArgs = 32
	MaxInitEnvs = 32
)

// A Setup tells what to do with one parameter.
type Setup struct {
	// Name is the parameter's name. With a trailing "=", as in "root=", the
	// bare word root is not this parameter but an argument of init.
	Name string

	// Parse takes the value. hasValue is false for the bare word. On error
	// it must have changed nothing.
	Parse func(value string, hasValue bool) error

	// DropsInitArgs makes init forget the arguments found so far. Linux does
	// so at init= because some boot loaders put a word of theirs in front.
	DropsInitArgs bool
}

// matches tells whether w is the parameter.
func (s *Setup) matches(w word) bool {
	if name, needsValue := strings.CutSuffix(s.Name, "="); needsValue {
		return w.hasValue && sameName(name, w.name)
	}
	return sameName(s.Name, w.name)
}

// A Diagnostic is something the user should know about the command line.
type Diagnostic struct {
	// Word is the word, or the words, it is about.
	Word string

	// Reason says what is wrong and what happens instead.
	Reason string

	// Notice is set when nothing is wrong.
	Notice bool
}

// String returns one printable line.
func (d Diagnostic) String() string {
	return fmt.Sprintf("command line: %q: %s", d.Word, d.Reason)
}

// A Result is what a command line says besides its known parameters.
type Result struct {
	// CommandLine is the line that was parsed, after cutting.
	CommandLine string

	// InitArgs are the arguments of init, from argv[1] on.
	InitArgs []string

	// InitEnv is the environment of init, NAME=value each.
	InitEnv []string

	Diagnostics []Diagnostic

	// passed are the unknown words that init gets.
	passed []string
}

// Parse goes through a command line from left to right and calls the Parse
// function of every entry of the tables that has the word's name.
//
//   - A word that no entry knows goes to init: name=value into its
//     environment, replacing a variable of that name, any other word into its
//     arguments. But a name with a dot belongs to a module and is dropped.
//   - "The kernel parses parameters from the kernel command line up to "--"
//     [...] Everything after "--" is passed as an argument to init." As in
//     Linux a second "--" ends the line.
//
// Whatever is wrong is told in Diagnostics, at most once per word.
func Parse(line string, tables ...[]Setup) Result {
	r := Result{InitEnv: []string{"HOME=/", "TERM=linux"}}
	r.CommandLine = r.cut(line)
	rest := skipSpaces(r.CommandLine)
	toInit := false
	for rest != "" {
		var w word
		w, rest = nextWord(rest)
		if w.unbalanced {
			r.complain(w, "quotes are not closed; the word goes to the end of the line")
		}
		switch {
		case w.name == "--" && !w.hasValue:
			if toInit {
				rest = ""
			}
			toInit = true
		case toInit:
			r.addArg(w)
		default:
			r.word(w, tables)
		}
	}
	if len(r.passed) > 0 {
		r.Diagnostics = append(r.Diagnostics, Diagnostic{
			Word:   strings.Join(r.passed, " "),
			Reason: "unknown; passed to init",
			Notice: true,
		})
	}
	return r
}

// cut shortens a line that is too long. The word at the cut goes too, because
// half of mem=512M is a valid word.
func (r *Result) cut(line string) string {
	if nul := strings.IndexByte(line, 0); nul >= 0 {
		line = line[:nul]
	}
	if len(line) <= MaxLen {
		return line
	}
	end := wordBoundary(line, MaxLen)
	first, _, _ := strings.Cut(skipSpaces(line[end:]), " ")
	r.Diagnostics = append(r.Diagnostics, Diagnostic{
		Word:   first[:min(len(first), 40)],
		Reason: fmt.Sprintf("the line is longer than %d bytes; ignored from here on", MaxLen),
	})
	return line[:end]
}

// wordBoundary returns the largest offset up to limit that has whole words in
// front of it.
func wordBoundary(line string, limit int) int {
	boundary := 0
	rest := skipSpaces(line)
	for rest != "" {
		_, next := nextWord(rest)
		word := strings.TrimRight(rest[:len(rest)-len(next)], " \t\n\v\f\r")
		end := len(line) - len(rest) + len(word)
		if end > limit {
			break
		}
		boundary, rest = end, next
	}
	return boundary
}

// word handles a word in front of "--".
func (r *Result) word(w word, tables [][]Setup) {
	known := false
	for _, table := range tables {
		for i := range table {
			s := &table[i]
			if !s.matches(w) {
				continue
			}
			known = true
			if err := s.Parse(w.value, w.hasValue); err != nil {
				r.complain(w, err.Error()+"; ignored")
			} else if s.DropsInitArgs {
				r.InitArgs = nil
			}
		}
	}
	switch {
	case known:
	case strings.Contains(w.name, "."):
		r.complain(w, "no module has this parameter; ignored")
	case w.hasValue:
		r.passed = append(r.passed, w.String())
		r.addEnv(w)
	default:
		r.passed = append(r.passed, w.String())
		r.addArg(w)
	}
}

func (r *Result) addEnv(w word) {
	same := func(env string) bool { return strings.HasPrefix(env, w.name+"=") }
	if i := slices.IndexFunc(r.InitEnv, same); i >= 0 {
		r.InitEnv[i] = w.String()
		return
	}
	if len(r.InitEnv) == MaxInitEnvs {
		r.complain(w, "too many environment variables for init; ignored")
		return
	}
	r.InitEnv = append(r.InitEnv, w.String())
}

func (r *Result) addArg(w word) {
	if len(r.InitArgs) == MaxInitArgs {
		r.complain(w, "too many arguments for init; ignored")
		return
	}
	r.InitArgs = append(r.InitArgs, w.String())
}

func (r *Result) complain(w word, reason string) {
	r.Diagnostics = append(r.Diagnostics, Diagnostic{Word: w.String(), Reason: reason})
}

var (
	errNeedsValue = errors.New("needs a value")
	errNoValue    = errors.New("takes no value")
)
