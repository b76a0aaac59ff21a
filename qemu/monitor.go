package qemu

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"sync"
)

// Monitor is a connection to QEMU's machine protocol (QEMU documentation,
// "QEMU Machine Protocol Specification"). One command is under way at a time.
type Monitor struct {
	conn    net.Conn
	command sync.Mutex      // held while a command waits for its reply
	replies chan qmpMessage // room for one; closed when QEMU goes away
	unasked int             // replies to the opening still to come; owned by read

	mu     sync.Mutex
	reason string // of the last SHUTDOWN event; mu
}

type qmpMessage struct {
	Return json.RawMessage `json:"return"`
	Error  *struct {
		Desc string `json:"desc"`
	} `json:"error"`
	Event string `json:"event"`
	Data  struct {
		Reason string `json:"reason"`
	} `json:"data"`
}

// opening is sent before QEMU runs, which reads it once it listens: there are
// no events before the first command, and a guest may end its machine sooner
// than anyone could ask for them. So every machine starts frozen.
const (
	opening       = `{"execute":"qmp_capabilities"}` + "\n" + `{"execute":"cont"}` + "\n"
	openingFrozen = `{"execute":"qmp_capabilities"}` + "\n"
)

// newMonitor takes over conn, over which QEMU is about to speak, and lets the
// machine run unless it is to stay frozen.
func newMonitor(conn net.Conn, frozen bool) (*Monitor, error) {
	m := &Monitor{conn: conn, replies: make(chan qmpMessage, 1), unasked: 2}
	greeting := opening
	if frozen {
		greeting, m.unasked = openingFrozen, 1
	}
	_, err := conn.Write([]byte(greeting)) // fits the socket's buffer
	return m, err
}

// read handles what QEMU sends until it goes away.
func (m *Monitor) read() {
	defer close(m.replies)
	dec := json.NewDecoder(m.conn)
	for {
		var msg qmpMessage
		if dec.Decode(&msg) != nil {
			return
		}
		switch {
		case msg.Event == "SHUTDOWN":
			m.mu.Lock()
			m.reason = msg.Data.Reason
			m.mu.Unlock()
		case msg.Return == nil && msg.Error == nil: // the greeting, other events
		case m.unasked > 0: // replies to the opening
			m.unasked--
		default:
			m.replies <- msg
		}
	}
}

// shutdownReason is QMP's ShutdownCause of the last SHUTDOWN event, or "".
func (m *Monitor) shutdownReason() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.reason
}

// Execute runs a QMP command. args is marshalled to JSON; nil means none.
// result, if not nil, receives the decoded reply. After a deadline the
// connection is of no further use.
func (m *Monitor) Execute(ctx context.Context, command string, args, result any) error {
	m.command.Lock()
	defer m.command.Unlock()
	req := map[string]any{"execute": command}
	if args != nil {
		req["arguments"] = args
	}
	b, err := json.Marshal(req)
	if err != nil {
		return err
	}
	if _, err := m.conn.Write(append(b, '\n')); err != nil {
		return fmt.Errorf("qmp %s: %w", command, err)
	}
	select {
	case msg, ok := <-m.replies:
		switch {
		case !ok:
			return fmt.Errorf("qmp %s: %w", command, ErrEnded)
		case msg.Error != nil:
			return fmt.Errorf("qmp %s: %w", command, errors.New(msg.Error.Desc))
		case result != nil:
			return json.Unmarshal(msg.Return, result)
		}
		return nil
	case <-ctx.Done():
		m.conn.Close() // a late reply must not answer the next command
		return fmt.Errorf("qmp %s: %w", command, ctx.Err())
	}
}

// Human runs a command of the human monitor, with a CPU to which those commands
// refer that concern one, and returns what it prints.
func (m *Monitor) Human(ctx context.Context, cpu int, command string) (string, error) {
	args := map[string]any{"command-line": command, "cpu-index": cpu}
	var out string
	err := m.Execute(ctx, "human-monitor-command", args, &out)
	return out, err
}
