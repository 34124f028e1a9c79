package server

import (
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// notifier tells the service manager how the process is doing, by datagrams to
// the socket that it named (sd_notify(3)). Without one it does nothing.
type notifier struct {
	address  *net.UnixAddr
	watchdog time.Duration // how often a sign of life is wanted; 0 for never
}

// newNotifier reads what the service manager set in the environment.
func newNotifier(env func(string) string) *notifier {
	n := &notifier{}
	name := env("NOTIFY_SOCKET")
	if !strings.HasPrefix(name, "/") && !strings.HasPrefix(name, "@") {
		return n
	}
	n.address = &net.UnixAddr{Name: name, Net: "unixgram"}
	if pid := env("WATCHDOG_PID"); pid != "" && pid != strconv.Itoa(os.Getpid()) {
		return n
	}
	if us, err := strconv.ParseInt(env("WATCHDOG_USEC"), 10, 64); err == nil && us > 0 {
		n.watchdog = time.Duration(us) * time.Microsecond
	}
	return n
}

// say sends lines of NAME=VALUE. Nobody is there to hear what went wrong.
func (n *notifier) say(lines ...string) {
	if n == nil || n.address == nil {
		return
	}
	conn, err := net.DialUnix(n.address.Net, nil, n.address)
	if err != nil {
		return
	}
	_ = conn.SetWriteDeadline(time.Now().Add(time.Second))
	_, _ = conn.Write([]byte(strings.Join(lines, "\n")))
	_ = conn.Close()
}

func (n *notifier) ready() { n.say("READY=1", "STATUS=protecting the upstream") }

// reloading is for Type=notify-reload, which wants to know when it began.
func (n *notifier) reloading() {
	n.say("RELOADING=1", "MONOTONIC_USEC="+strconv.FormatInt(monotonic(), 10), "STATUS=reading the configuration again")
}

func (n *notifier) stopping() { n.say("STOPPING=1", "STATUS=finishing what is under way") }

// alive is the sign of life, to be sent twice in the time that was asked for.
func (n *notifier) alive() <-chan time.Time {
	if n == nil || n.watchdog == 0 {
		return nil
	}
	return time.NewTicker(n.watchdog / 2).C
}
