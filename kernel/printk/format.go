package printk

import (
	"bytes"
	"strconv"
)

// appendPriority appends the "<6>" in front of a line read by syslog(2).
func (r *record) appendPriority(b []byte) []byte {
	b = append(b, '<')
	b = strconv.AppendUint(b, r.priority(), 10)
	return append(b, '>')
}

func (r *record) priority() uint64 {
	return uint64(r.facility)<<3 | uint64(r.level)
}

// appendTime appends the "[    0.123456] " in front of a line.
func (r *record) appendTime(b []byte) []byte {
	us := uint64(max(r.time, 0)) / 1000
	b = append(b, '[')
	b = appendPadded(b, us/1e6, 5, ' ')
	b = append(b, '.')
	b = appendPadded(b, us%1e6, 6, '0')
	return append(b, "] "...)
}

// appendPadded appends v in at least width columns.
func appendPadded(b []byte, v uint64, width int, pad byte) []byte {
	var digits [20]byte
	d := strconv.AppendUint(digits[:0], v, 10)
	for range width - len(d) {
		b = append(b, pad)
	}
	return append(b, d...)
}

// appendText appends the record as syslog(2) gives it, each line of the text
// with its prefix.
func (r *record) appendText(b, text []byte) []byte {
	for more := true; more; {
		var line []byte
		line, text, more = bytes.Cut(text, []byte{'\n'})
		b = r.appendPriority(b)
		b = r.appendTime(b)
		b = append(b, line...)
		b = append(b, '\n')
	}
	return b
}

// appendExtended appends the record as /dev/kmsg gives it: "The output format
// consists of a prefix carrying the syslog prefix including priority and
// facility, the 64 bit message sequence number and the monotonic timestamp in
// microseconds, and a flag field. All fields are separated by a ','. [...] The
// human readable text string starts directly after the ';' and is terminated by
// a '\n'. Untrusted values [...] will be escaped" (Documentation/ABI/testing/
// dev-kmsg).
func (r *record) appendExtended(b, text []byte) []byte {
	b = strconv.AppendUint(b, r.priority(), 10)
	b = append(b, ',')
	b = strconv.AppendUint(b, r.seq, 10)
	b = append(b, ',')
	b = strconv.AppendUint(b, uint64(max(r.time, 0))/1000, 10)
	b = append(b, ",-;"...)
	const hex = "0123456789abcdef"
	for _, c := range text {
		if c < ' ' || c >= 127 || c == '\\' {
			b = append(b, '\\', 'x', hex[c>>4], hex[c&0xf])
		} else {
			b = append(b, c)
		}
	}
	return append(b, '\n')
}
