package boottest

import (
	"testing"

	"onsen/qemu"
	"onsen/qemu/qemutest"
)

// tmuxKey is what the commands of tmux begin with.
const tmuxKey = "\x02"

// What is typed at tmux, and what comes then: a window is split, a command runs in each
// half, one of them grows, the session is left, looked at from outside and taken up
// again, and the server ends.
var tmuxDialogue = []struct{ typed, want string }{
	{"stty rows 24 cols 80" + enter, `bash-5\.2# `},
	{"tmux -f /dev/null new-session -s one" + enter, `\[one\] ?0:bash\*`},
	{"echo first-$((6*7))" + enter, `first-42(?s:.*)bash-5\.2# `},
	{tmuxKey + "%", `bash-5\.2# `},
	{"echo second-$((6*7))-$(tmux display -p '#{pane_index}-of-#{window_panes}')" + enter, `second-42-1-of-2(?s:.*)bash-5\.2# `},
	{"tmux resize-pane -L 10; echo wide-$(tmux display -p '#{pane_width}')" + enter, `wide-49(?s:.*)bash-5\.2# `},
	{tmuxKey + "o" + "tty" + enter, `/dev/pts/0`},
	{tmuxKey + "d", `\[detached \(from session one\)\]\r\n(?s:.*)bash-5\.2# `},
	{"tmux list-panes -F '#{pane_index}:#{pane_width}x#{pane_height}'" + enter, `0:30x23\r\n1:49x23\r\n(?s:.*)bash-5\.2# `},
	{"tmux attach" + enter, `second-42-1-of-2(?s:.*)\[one\]`},
	{tmuxKey + ":", `:\x1b\[7m `},
	{"kill-server" + enter, `\[server exited\]\r\n(?s:.*)bash-5\.2# `},
	// The same on a pseudo terminal.
	{`script -q -c "tmux new-session 'tty; read line; echo got-\$line; sleep 0.1'" /dev/null` + enter, `/dev/pts/1`},
	{"words" + enter, `got-words(?s:.*)\[exited\](?s:.*)bash-5\.2# `},
	{"exit" + enter, `exit`},
}

// Debian's tmux: a server, and clients that reach it by a socket and hand it their
// terminal.
func TestTmux(t *testing.T) {
	withUserland(t, "user/%s/debian.cpio", "256M", func(t *testing.T, g *qemutest.Guest) {
		g.ExpectText(`bash-5\.2# `)
		for _, d := range tmuxDialogue {
			g.Type([]byte(d.typed))
			g.ExpectText(d.want)
		}
		g.Exit(qemu.PoweredOff)
	})
}
