package attack

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Row 21: where two servers may disagree on where a request ends, the gate is
// not one of them: it refuses, and closes the connection.
func TestSmuggling(t *testing.T) {
	g := newGate(t, "", rules)
	const next = "GET /public/smuggled HTTP/1.1\r\nHost: api.example\r\n\r\n"
	head := func(fields string) string {
		return "POST /public/x HTTP/1.1\r\nHost: api.example\r\n" + fields + "\r\n"
	}
	for _, tt := range []struct {
		name, octets string
		want         []int
	}{
		{"length and chunks", head("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n" + next, []int{400}},
		{"chunks and length", head("Transfer-Encoding: chunked\r\nContent-Length: 60\r\n") + "0\r\n\r\n" + next, []int{400}},
		{"length and chunks, refused anyway", strings.Replace(head("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n"), "/public/x", "/private", 1) + "0\r\n\r\n" + next, []int{400}},
		{"length and chunks at the gate's own", strings.Replace(head("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n"), "/public/x", "/auth/problems/", 1) + "0\r\n\r\n" + next, []int{400}},
		{"two lengths", head("Content-Length: 0\r\nContent-Length: 60\r\n") + next, []int{400}},
		{"two lengths in one field", head("Content-Length: 0, 60\r\n") + next, []int{400}},
		{"a length with a sign", head("Content-Length: +0\r\n") + next, []int{400}},
		{"a negative length", head("Content-Length: -1\r\n") + next, []int{400}},
		{"a length in hex", head("Content-Length: 0x0\r\n") + next, []int{400}},
		{"a length with a space inside", head("Content-Length: 0 0\r\n") + next, []int{400}},
		{"a length with an underscore", head("Content-Length: 0_0\r\n") + next, []int{400}},
		{"a length that is too large", head("Content-Length: 99999999999999999999\r\n") + next, []int{400}},
		{"no length", head("Content-Length:\r\n") + next, []int{400}},
		{"chunked and identity", head("Transfer-Encoding: chunked, identity\r\n") + "0\r\n\r\n" + next, []int{501, 400}},
		{"identity", head("Transfer-Encoding: identity\r\n") + "0\r\n\r\n" + next, []int{501, 400}},
		{"gzip and chunked", head("Transfer-Encoding: gzip, chunked\r\n") + "0\r\n\r\n" + next, []int{501, 400}},
		{"chunked twice", head("Transfer-Encoding: chunked, chunked\r\n") + "0\r\n\r\n" + next, []int{501, 400}},
		{"chunked in two fields", head("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n" + next, []int{501, 400}},
		{"a vertical tab before chunked", head("Transfer-Encoding: \x0bchunked\r\n") + "0\r\n\r\n" + next, []int{501, 400}},
		{"chunked in quotes", head("Transfer-Encoding: \"chunked\"\r\n") + "0\r\n\r\n" + next, []int{501, 400}},
		{"chunked with a parameter", head("Transfer-Encoding: chunked;x=y\r\n") + "0\r\n\r\n" + next, []int{501, 400}},
		{"xchunked", head("Transfer-Encoding: xchunked\r\n") + "0\r\n\r\n" + next, []int{501, 400}},
		{"a space before the colon", head("Transfer-Encoding : chunked\r\n") + "0\r\n\r\n" + next, []int{400}},
		{"a tab before the colon", head("Content-Length\t: 60\r\n") + next, []int{400}},
		{"a space before the name", head(" Transfer-Encoding: chunked\r\n") + "0\r\n\r\n" + next, []int{400}},
		{"a folded field", head("X: y\r\n Transfer-Encoding: chunked\r\n") + "0\r\n\r\n" + next, []int{400, 200}},
		{"a folded value", head("Transfer-Encoding:\r\n chunked\r\n") + "0\r\n\r\n" + next, []int{400, 501, 200}},
		{"an empty name", head(": x\r\n") + next, []int{400}},
		{"a name alone", head("Transfer-Encoding\r\n") + next, []int{400}},
		{"a name of a page", head(strings.Repeat("a", 70_000)+": x\r\n") + next, []int{400, 431}},
		{"a NUL in a name", head("X\x00Y: z\r\n") + next, []int{400}},
		{"a NUL in a value", head("X: a\x00b\r\n") + next, []int{400}},
		{"a bare carriage return in a value", head("X: a\rTransfer-Encoding: chunked\r\n") + next, []int{400}},
		{"a bare carriage return behind the line", "POST /public/x HTTP/1.1\rHost: api.example\r\n\r\n" + next, []int{400}},
		{"letters beyond ASCII in a name", head("Transfer-Encod\u0131ng: chunked\r\n") + next, []int{400}},
		{"parentheses in a name", head("X(y): z\r\n") + next, []int{400}},
		{"a chunk size with a sign", head("Transfer-Encoding: chunked\r\n") + "+0\r\n\r\n" + next, []int{400, 502}},
		{"a chunk size in hex with a prefix", head("Transfer-Encoding: chunked\r\n") + "0x0\r\n\r\n" + next, []int{400, 502}},
		{"a chunk size that is too large", head("Transfer-Encoding: chunked\r\n") + "fffffffffffffffff\r\n\r\n" + next, []int{400, 502}},
		{"a chunk size of nothing", head("Transfer-Encoding: chunked\r\n") + "\r\n\r\n" + next, []int{400, 502}},
		{"a chunk longer than it says", head("Transfer-Encoding: chunked\r\n") + "1\r\nabc\r\n0\r\n\r\n" + next, []int{400, 502}},
		{"a broken chunk, refused", strings.Replace(head("Transfer-Encoding: chunked\r\n"), "/public/x", "/private", 1) + "+0\r\n\r\n" + next, []int{401}},
		{"a chunk longer than it says, refused", strings.Replace(head("Transfer-Encoding: chunked\r\n"), "/public/x", "/private", 1) + "1\r\nabc\r\n0\r\n\r\n" + next, []int{401}},
		{"a broken chunk at the gate's own", strings.Replace(head("Transfer-Encoding: chunked\r\n"), "/public/x", "/auth/problems/", 1) + "+0\r\n\r\n" + next, []int{405}},
		{"a broken chunk at the metadata", strings.Replace(head("Transfer-Encoding: chunked\r\n"), "/public/x", "/.well-known/oauth-protected-resource", 1) + "+0\r\n\r\n" + next, []int{405}},
		{"a chunk line that ends early", head("Transfer-Encoding: chunked\r\n") + "1\nZ\nQ0\r\n\r\n" + next, []int{400, 502, 200}},
		{"an old version with chunks", "POST /public/x HTTP/1.0\r\nHost: api.example\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + next, []int{400}},
		{"a version of the future", "GET /public/x HTTP/3.0\r\nHost: api.example\r\n\r\n" + next, []int{505, 400}},
		{"a version in small letters", "GET /public/x http/1.1\r\nHost: api.example\r\n\r\n" + next, []int{400}},
		{"no version", "GET /public/x\r\n" + next, []int{400}},
		{"two spaces in the line", "GET  /public/x HTTP/1.1\r\nHost: api.example\r\n\r\n" + next, []int{400}},
		{"a tab in the line", "GET\t/public/x\tHTTP/1.1\r\nHost: api.example\r\n\r\n" + next, []int{400}},
		{"a line within the target", "GET /public/x\r\nX: y HTTP/1.1\r\nHost: api.example\r\n\r\n" + next, []int{400}},
		{"an upgrade to HTTP/2", "GET /public/x HTTP/1.1\r\nHost: api.example\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n\r\nPRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", []int{200, 400}},
		{"HTTP/2 without asking", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", []int{400, 505}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			all, err := g.pipeline(tt.octets, 3)
			if len(all) == 0 {
				if err != nil {
					t.Fatal(err)
				}
				// Closed without a word, which is an answer too.
			} else if !slices.Contains(tt.want, all[0].StatusCode) {
				t.Errorf("%d, want one of %v", all[0].StatusCode, tt.want)
			}
			took := g.api.all()
			if len(all) > 0 && all[0].StatusCode >= 400 {
				// 502 is about a body that broke while the API read it.
				if !all[0].Close || len(all) > 1 || (len(took) > 0 && all[0].StatusCode != 502) {
					t.Errorf("the connection goes on: %v, %d answers, the API got %v", !all[0].Close, len(all), took)
				}
			}
			for i, q := range took {
				if q.Target == "/public/smuggled" && i >= len(all) {
					t.Errorf("the API got more than was answered: %v", took)
				}
				for _, line := range q.Lines {
					name, value, _ := strings.Cut(line, ":")
					if strings.EqualFold(name, "Upgrade") || strings.EqualFold(name, "HTTP2-Settings") || strings.TrimSpace(value) == "" && !strings.EqualFold(name, "User-Agent") ||
						strings.EqualFold(name, "Transfer-Encoding") && strings.TrimSpace(value) != "chunked" {
						t.Errorf("the API got %q", line)
					}
				}
				if len(q.values("Content-Length")) > 0 && len(q.values("Transfer-Encoding")) > 0 || len(q.values("Content-Length")) > 1 || len(q.values("Transfer-Encoding")) > 1 {
					t.Errorf("the API got two lengths: %v", q.Lines)
				}
			}
		})
	}
	for _, odd := range g.api.oddities() {
		// A body that breaks off is the end of the connection to the API.
		if !strings.HasPrefix(odd, "in a chunk") && !strings.HasPrefix(odd, "in the body") {
			t.Errorf("the API got %s", odd)
		}
	}
	if log := g.Stderr.String(); strings.Contains(log, "panic") {
		t.Errorf("something panicked:\n%s", log)
	}
}

// What the client writes beside a body in chunks, extensions and trailers, says
// nothing to the API about where it ends, nor who is asking.
func TestChunksAreMadeAnew(t *testing.T) {
	g := newGate(t, "", rules)
	a, err := g.raw("POST /public/x HTTP/1.1\r\nHost: api.example\r\nTransfer-Encoding: chunked\r\nTrailer: Gate401-Subject, X-Checksum\r\n\r\n" +
		"3;ext=\"x;y\"\r\nabc\r\n00002;a=b\r\nde\r\n0\r\nGate401-Subject: root\r\nAuthorization: Bearer x\r\nContent-Length: 7\r\nX-Checksum: 1\r\n\r\n")
	took := g.api.all()
	if err != nil || a.StatusCode != 200 || len(took) != 1 || took[0].Body != "abcde" {
		t.Fatalf("%v %d %v", err, a.StatusCode, took)
	}
	if text := strings.Join(took[0].Lines, "\n"); strings.Contains(text, "root") || strings.Contains(text, "Bearer") || len(took[0].values("Content-Length")) > 0 {
		t.Errorf("the API got\n%s", text)
	}
	g.clean(t)
}

// Whatever stands in a request, the API gets as many as were let through, each
// whole, each with one length at most and one host.
func TestOneRequestIsOne(t *testing.T) {
	g := newGate(t, "", rules)
	field := rapid.SampledFrom([]string{
		"Content-Length: 0", "Content-Length: 5", "Content-Length: 05", "Content-Length: 5, 5", "Content-Length: 5\r\nContent-Length: 5", "content-length: 0", "Content_Length: 9", "Content-Length : 5", "Content-Length:5",
		"Transfer-Encoding: chunked", "Transfer-Encoding: Chunked", "transfer-encoding:chunked", "Transfer-Encoding: chunked ", "Transfer-Encoding: x", "Transfer_Encoding: chunked", "Transfer-Encoding:\tchunked", "TE: trailers", "TE: chunked",
		"Connection: close", "Connection: keep-alive", "Connection: Transfer-Encoding", "Connection: Content-Length, Host", "Keep-Alive: timeout=5", "Proxy-Connection: keep-alive", "Upgrade: h2c", "Expect: 100-continue", "Expect: x", "Trailer: Host",
		"Host: evil.example", "X: y", "X: \x01", "X:", "X : y", " X: y", "X\n: y", "X: y\r", "X: y\nZ: w", "\nX: y", "Cookie: a=b\r\nCookie: c=d", "Range: bytes=0-1", "Via: 1.1 a", "Max-Forwards: 0",
	})
	body := rapid.SampledFrom([]string{"", "hello", "0\r\n\r\n", "5\r\nhello\r\n0\r\n\r\n", "0\r\nX: y\r\n\r\n", "GET /public/smuggled HTTP/1.1\r\nHost: api.example\r\n\r\n", "5\nhello\n0\n\n", "5;x\r\nhello\r\n0\r\n\r\n"})
	rapid.Check(t, func(rt *rapid.T) {
		target := rapid.SampledFrom([]string{"/public/x", "/private", "/items/7"}).Draw(rt, "target")
		method := rapid.SampledFrom([]string{"GET", "POST", "DELETE", "HEAD"}).Draw(rt, "method")
		text := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: api.example\r\n", method, target)
		for _, f := range rapid.SliceOfN(field, 0, 4).Draw(rt, "fields") {
			text += f + "\r\n"
		}
		text += "\r\n" + body.Draw(rt, "body") + "GET /public/last HTTP/1.1\r\nHost: api.example\r\nConnection: close\r\n\r\n"
		all, err := g.pipeline(text, 5)
		if err != nil {
			// An answer that cannot be read, behind a HEAD among them, is no matter here.
			all = nil
		}
		for _, q := range g.api.all() {
			if q.Target != "/public/x" && q.Target != "/items/7" && q.Target != "/public/smuggled" && q.Target != "/public/last" {
				rt.Fatalf("%q\nthe API got %s %s", text, q.Method, q.Target)
			}
			if q.Target == "/items/7" && q.Method != "GET" && q.Method != "HEAD" {
				rt.Fatalf("%q\nthe API got %s", text, q.Method)
			}
			lengths := len(q.values("Content-Length")) + len(q.values("Transfer-Encoding"))
			if lengths > 1 || len(q.values("Host")) != 1 || q.value("Host") != g.api.addr {
				rt.Fatalf("%q\nthe API got\n%s", text, strings.Join(q.Lines, "\n"))
			}
			for _, name := range []string{"Connection", "Keep-Alive", "Proxy-Connection", "Upgrade", "Te", "Content_Length", "Transfer_Encoding"} {
				if v := q.value(name); v != "" && !(name == "Te" && v == "trailers") {
					rt.Fatalf("%q\nthe API got %s: %s", text, name, v)
				}
			}
		}
		for _, a := range all {
			if a.StatusCode >= 500 && a.StatusCode != 501 && a.StatusCode != 502 && a.StatusCode != 505 {
				rt.Fatalf("%q\n%d", text, a.StatusCode)
			}
		}
	})
	if log := g.Stderr.String(); strings.Contains(log, "panic") {
		t.Errorf("something panicked:\n%s", log)
	}
}
