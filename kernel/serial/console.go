package serial

import (
	"bytes"

	"onsen/kernel/printk"
)

// Console returns the port as a console of the kernel's log. It never sleeps.
// While there are interrupts, a line goes into the transmit ring and is sent
// behind the caller's back; if the ring is full, or there are none, or the
// kernel panics, the caller sends it itself. "\n" becomes "\r\n".
func (p *Port) Console() printk.Console {
	return console{p}
}

type console struct {
	port *Port
}

var crlf = []byte("\r\n")

func (c console) Write(b []byte) {
	for len(b) > 0 {
		line, rest, newline := bytes.Cut(b, crlf[1:])
		c.port.writeNow(line)
		if newline {
			c.port.writeNow(crlf)
		}
		b = rest
	}
	c.port.finishNow()
}

// writeNow is WriteAll for the console.
func (p *Port) writeNow(b []byte) {
	for {
		locked := p.lockNow()
		n := p.tx.write(b)
		p.transmit()
		p.setInterrupts()
		p.unlock(locked)
		if b = b[n:]; len(b) == 0 {
			return
		}
		p.poll((*Port).hasRoom)
	}
}

// finishNow sends what the console has written if nobody else will.
func (p *Port) finishNow() {
	locked := p.lockNow()
	alone := !locked || !p.interrupts || printk.Panicking()
	p.unlock(locked)
	if alone {
		p.poll((*Port).isEmpty)
	}
}
