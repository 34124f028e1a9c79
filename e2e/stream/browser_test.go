package stream_test

import (
	"strings"
	"testing"

	"github.com/gate401/gate401/web/browsertest"
)

// What a page sees: a WebSocket closes with the code and the reason; a feed of
// events gets the gate's last event, connects again, and then gives up for good.
func TestBrowser(t *testing.T) {
	b := browsertest.Options{IgnoreCertErrors: true}.Start(t)
	for _, scheme := range []string{"http", "https"} {
		t.Run(scheme, func(t *testing.T) { testBrowser(t, b, scheme) })
	}
}

func testBrowser(t *testing.T, b *browsertest.Browser, scheme string) {
	dir, more := t.TempDir(), ""
	if scheme == "https" {
		// Pages come by HTTP/2 then, and WebSockets by HTTP/1.1.
		more = https(t, dir)
	}
	// Were a password accepted, the browser would open its dialog when it connects
	// again, and wait.
	g := serveIn(t, dir, more+"default: {methods: [key]}\n")
	p := b.Tab(t)
	if !strings.HasPrefix(g.url, scheme+"://") {
		t.Fatal(g.url)
	}
	if status := p.Open(g.url + "/page"); status != 200 {
		t.Fatal(status)
	}
	value, _ := g.key("--expires", "12s")
	browsertest.JS[bool](p, `(() => {
		document.cookie = "key=`+value+`; path=/";
		window.seen = {events: 0, code: "", state: -1, errors: 0};
		const s = new WebSocket(location.origin.replace("http", "ws") + "/chat");
		s.onopen = () => s.send("hello");
		s.onclose = (e) => { window.ended = {code: e.code, reason: e.reason, clean: e.wasClean}; };
		const f = new EventSource("/feed");
		f.onmessage = () => seen.events++;
		f.addEventListener("gate401", (e) => { seen.code = JSON.parse(e.data).code; });
		f.onerror = () => { seen.errors++; seen.state = f.readyState; };
		return true;
	})()`)
	p.Wait(`window.ended && seen.state === EventSource.CLOSED`)
	got := browsertest.JS[struct {
		WS struct {
			Code   int
			Reason string
			Clean  bool
		}
		Feed struct {
			Events, State int
			Code          string
		}
	}](p, `({ws: ended, feed: seen})`)
	if got.WS.Code != 1008 || got.WS.Reason != "api-key-expired" || !got.WS.Clean {
		t.Errorf("WebSocket: %+v", got.WS)
	}
	if got.Feed.Events == 0 || got.Feed.Code != "api-key-expired" || got.Feed.State != 2 {
		t.Errorf("EventSource: %+v", got.Feed)
	}
}
