package printk

import "testing"

func TestFormat(t *testing.T) {
	tests := []struct {
		rec      record
		text     string
		syslog   string
		extended string
	}{
		{
			record{seq: 7, time: 123456789, level: LevelInfo}, "hello, world",
			"<6>[    0.123456] hello, world\n",
			"6,7,123456,-;hello, world\n",
		},
		{
			record{time: 0, level: LevelEmerg}, "",
			"<0>[    0.000000] \n",
			"0,0,0,-;\n",
		},
		{
			record{seq: 1 << 40, time: 12345678*1e9 + 999999999, level: LevelErr, facility: FacilityUser}, "x",
			"<11>[12345678.999999] x\n",
			"11,1099511627776,12345678999999,-;x\n",
		},
		{
			record{time: 1e9, level: LevelWarning}, "two\nlines",
			"<4>[    1.000000] two\n<4>[    1.000000] lines\n",
			"4,0,1000000,-;two\\x0alines\n",
		},
		{
			record{facility: 3}, "tab\tback\\slash\x7f\xc3\xa4\x00~",
			"<24>[    0.000000] tab\tback\\slash\x7f\xc3\xa4\x00~\n",
			`24,0,0,-;tab\x09back\x5cslash\x7f\xc3\xa4\x00~` + "\n",
		},
	}
	for _, tt := range tests {
		if got := string(tt.rec.appendText(nil, []byte(tt.text))); got != tt.syslog {
			t.Errorf("%q: syslog %q, want %q", tt.text, got, tt.syslog)
		}
		if got := string(tt.rec.appendExtended(nil, []byte(tt.text))); got != tt.extended {
			t.Errorf("%q: kmsg %q, want %q", tt.text, got, tt.extended)
		}
	}
}
