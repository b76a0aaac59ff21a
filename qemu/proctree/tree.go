package main

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// process is one that has not ended.
type process struct {
	pid, parent int
	name        string
}

// tree is what is known of the guest's processes.
type tree struct {
	processes map[int]*process
	lost      int
}

func newTree() *tree { return &tree{processes: map[int]*process{}} }

// change reads one line of the protocol in docs/monitor.md and returns it in
// words. A line that is none gives an error and changes nothing.
func (t *tree) change(line string) (words string, err error) {
	kind, rest, _ := strings.Cut(line, " ")
	switch kind {
	case "onsen-events":
		if rest != "1" {
			return "", fmt.Errorf("protocol version %q is not known", rest)
		}
		*t = *newTree()
		return "", nil
	case "lost":
		n, err := strconv.Atoi(rest)
		if err != nil {
			return "", fmt.Errorf("%q: %w", line, err)
		}
		t.lost += n
		return fmt.Sprintf("%d events were lost", n), nil
	}
	numbers := map[string]int{"have": 3, "fork": 3, "exec": 2, "exit": 3}[kind]
	if numbers == 0 {
		return "", fmt.Errorf("%q is no event", line)
	}
	n, name, err := fields(rest, numbers)
	if err != nil {
		return "", fmt.Errorf("%q: %w", line, err)
	}
	if n[1] <= 0 {
		return "", fmt.Errorf("%q: no such process", line)
	}
	return t.apply(kind, n, name), nil
}

// fields reads so many numbers and then, if there is more, a quoted name.
func fields(s string, numbers int) (n []int64, name string, err error) {
	for range numbers {
		word, rest, _ := strings.Cut(s, " ")
		v, err := strconv.ParseInt(word, 10, 64)
		if err != nil {
			return nil, "", err
		}
		n, s = append(n, v), rest
	}
	if s != "" {
		name, err = strconv.Unquote(s)
	}
	return n, name, err
}

// apply does what an event says: n are its time in microseconds, the process,
// and a parent or status.
func (t *tree) apply(kind string, n []int64, name string) string {
	at, pid := time.Duration(n[0])*time.Microsecond, int(n[1])
	p := t.processes[pid]
	switch kind {
	case "have", "fork":
		t.processes[pid] = &process{pid, int(n[2]), name}
	case "exec":
		if p == nil {
			p = &process{pid: pid}
			t.processes[pid] = p
		}
		p.name = name
	case "exit":
		delete(t.processes, pid)
		t.handOn(pid)
		if p != nil {
			name = p.name
		}
		return fmt.Sprintf("%v %s %d %s, %s", at, kind, pid, name, status(int(n[2])))
	}
	return fmt.Sprintf("%v %s %d %s", at, kind, pid, name)
}

// handOn gives the children of a process that ended to init. (A subreaper may
// have got them; that is known when it is seen again.)
func (t *tree) handOn(pid int) {
	for _, p := range t.processes {
		if p.parent == pid {
			p.parent = 1
		}
	}
}

// status says how a process ended, of a status as wait(2) has it.
func status(s int) string {
	if s&0x7f != 0 {
		return fmt.Sprintf("killed by signal %d", s&0x7f)
	}
	return fmt.Sprintf("exited with %d", s>>8&0xff)
}

// print writes the tree, children below their parents.
func (t *tree) print(w io.Writer) {
	children := map[int][]int{}
	for pid, p := range t.processes {
		parent := p.parent
		if t.processes[parent] == nil || parent == pid {
			parent = 0
		}
		children[parent] = append(children[parent], pid)
	}
	t.printBelow(w, children, 0, 0)
}

func (t *tree) printBelow(w io.Writer, children map[int][]int, parent, depth int) {
	list := children[parent]
	slices.Sort(list)
	for _, pid := range list {
		fmt.Fprintf(w, "%s%d %s\n", strings.Repeat("  ", depth), pid, t.processes[pid].name)
		t.printBelow(w, children, pid, depth+1)
	}
}

// follow reads events until the end of r and calls changed after each.
func (t *tree) follow(r io.Reader, changed func(words string)) error {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		words, err := t.change(lines.Text())
		if err != nil {
			return err
		}
		changed(words)
	}
	return lines.Err()
}
