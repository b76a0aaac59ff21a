// Proctree shows the processes of a guest as they come and go. It reads the
// events that the kernel writes to its virtio console (docs/monitor.md), which
// "make qemu EVENTS=FILE" puts into a file.
//
//	proctree [-once] FILE
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"time"
)

func main() {
	once := flag.Bool("once", false, "print the tree at the end of the file, and stop")
	flag.Parse()
	if err := run(flag.Arg(0), *once); err != nil {
		fmt.Fprintln(os.Stderr, "proctree:", err)
		os.Exit(1)
	}
}

func run(name string, once bool) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	t := newTree()
	if once {
		err := t.follow(f, func(string) {})
		t.print(os.Stdout)
		return err
	}
	return t.follow(&growing{f}, func(words string) {
		const clear = "\x1b[H\x1b[2J" // ECMA-48: cursor home, erase display
		fmt.Print(clear)
		t.print(os.Stdout)
		fmt.Printf("\n%s\n", words)
	})
}

// growing waits at the end of a file for more.
type growing struct{ f *os.File }

func (g *growing) Read(p []byte) (int, error) {
	for {
		n, err := g.f.Read(p)
		if n > 0 || err != io.EOF {
			return n, err
		}
		time.Sleep(50 * time.Millisecond)
	}
}
