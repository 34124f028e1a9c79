package capture_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/gate401/gate401/internal/capture"
	"github.com/gate401/gate401/internal/freeport"
	"github.com/gate401/gate401/web/browsertest"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "record the HAR files of Chromium anew")

// recorder collects what the network tab of DevTools is told.
type recorder struct {
	mu    sync.Mutex
	order []*leg
	last  map[network.RequestID][]*leg
	sent  map[network.RequestID][]*network.EventRequestWillBeSentExtraInfo
	got   map[network.RequestID][]*network.EventResponseReceivedExtraInfo
}

// leg is one request; a redirect is the next leg under the same id.
type leg struct {
	request  *network.EventRequestWillBeSent
	response *network.Response
	failed   string
	ended    float64
	body     *network.GetResponseBodyResult
}

func (r *recorder) listen(event any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if legs := r.last[e.RequestID]; len(legs) > 0 && e.RedirectResponse != nil {
			legs[len(legs)-1].response = e.RedirectResponse
			legs[len(legs)-1].ended = e.Timestamp.Float64()
		}
		l := &leg{request: e}
		r.last[e.RequestID] = append(r.last[e.RequestID], l)
		r.order = append(r.order, l)
	case *network.EventRequestWillBeSentExtraInfo:
		r.sent[e.RequestID] = append(r.sent[e.RequestID], e)
	case *network.EventResponseReceivedExtraInfo:
		r.got[e.RequestID] = append(r.got[e.RequestID], e)
	case *network.EventResponseReceived:
		if legs := r.last[e.RequestID]; len(legs) > 0 {
			legs[len(legs)-1].response = e.Response
		}
	case *network.EventLoadingFailed:
		if legs := r.last[e.RequestID]; len(legs) > 0 {
			legs[len(legs)-1].failed, legs[len(legs)-1].ended = e.ErrorText, e.Timestamp.Float64()
		}
	case *network.EventLoadingFinished:
		if legs := r.last[e.RequestID]; len(legs) > 0 {
			legs[len(legs)-1].ended = e.Timestamp.Float64()
		}
	}
}

func headerList(headers network.Headers, without ...string) []map[string]string {
	out := []map[string]string{}
	for name, value := range headers {
		if !slices.Contains(without, strings.ToLower(name)) {
			// DevTools splits fields of one name, which the protocol joins.
			for v := range strings.SplitSeq(fmt.Sprint(value), "\n") {
				out = append(out, map[string]string{"name": name, "value": v})
			}
		}
	}
	slices.SortFunc(out, func(a, b map[string]string) int { return strings.Compare(a["name"]+a["value"], b["name"]+b["value"]) })
	return out
}

// har is the file as models/har/Log.ts of DevTools writes it; sanitized is what
// it does unless told otherwise.
func (r *recorder) har(sanitized bool) []byte {
	var entries []any
	count := map[network.RequestID]int{}
	for _, l := range r.order {
		id := l.request.RequestID
		n := count[id]
		count[id]++
		requestHeaders, responseHeaders := l.request.Request.Headers, network.Headers{}
		var status int64
		statusText, protocol, mime, address := "", "", "x-unknown", ""
		if l.response != nil {
			status, statusText, protocol, mime = l.response.Status, l.response.StatusText, l.response.Protocol, l.response.MimeType
			responseHeaders, address = l.response.Headers, l.response.RemoteIPAddress
		}
		if n < len(r.sent[id]) {
			requestHeaders = r.sent[id][n].Headers
		}
		if n < len(r.got[id]) {
			responseHeaders = r.got[id][n].Headers
			if status == 0 {
				status = r.got[id][n].StatusCode
			}
		}
		var hidden, hiddenSet []string
		if sanitized {
			hidden, hiddenSet = []string{"authorization", "cookie"}, []string{"set-cookie"}
		}
		content := map[string]any{"size": 0, "mimeType": mime}
		if l.body != nil {
			content["size"], content["text"] = len(l.body.Body), l.body.Body
			if l.body.Base64encoded {
				content["encoding"] = "base64"
			}
		}
		request := map[string]any{
			"method": l.request.Request.Method, "url": l.request.Request.URL, "httpVersion": protocol, "headers": headerList(requestHeaders, hidden...),
			"queryString": []any{}, "cookies": []any{}, "headersSize": -1, "bodySize": 0,
		}
		if l.request.Request.HasPostData {
			text := ""
			for _, part := range l.request.Request.PostDataEntries {
				text += string(part.Bytes)
			}
			request["postData"] = map[string]any{"mimeType": fmt.Sprint(requestHeaders["Content-Type"]), "text": text}
		}
		response := map[string]any{
			"status": status, "statusText": statusText, "httpVersion": protocol, "headers": headerList(responseHeaders, hiddenSet...), "cookies": []any{},
			"content": content, "redirectURL": fmt.Sprint(orEmpty(responseHeaders["Location"])), "headersSize": -1, "bodySize": -1, "_transferSize": 0,
			"_error": nil, "_fetchedViaServiceWorker": false,
		}
		if l.failed != "" {
			response["_error"] = l.failed
		}
		entries = append(entries, map[string]any{
			"_initiator": map[string]any{"type": l.request.Initiator.Type}, "_priority": l.request.Request.InitialPriority,
			"_resourceType": strings.ToLower(string(l.request.Type)), "cache": map[string]any{}, "pageref": "page_1",
			"request": request, "response": response, "serverIPAddress": address,
			"startedDateTime": wall(l.request),
			"time":            max(0, (l.ended-l.request.Timestamp.Float64())*1000), "timings": map[string]any{"blocked": -1, "dns": -1, "ssl": -1, "connect": -1, "send": 0, "wait": 0, "receive": 0},
		})
	}
	data, err := json.MarshalIndent(map[string]any{"log": map[string]any{
		"version": "1.2", "creator": map[string]string{"name": "WebInspector", "version": "537.36"},
		"pages":   []any{map[string]any{"startedDateTime": wall(r.order[0].request), "id": "page_1", "title": r.order[0].request.Request.URL, "pageTimings": map[string]any{"onContentLoad": 1, "onLoad": 1}}},
		"entries": entries,
	}}, "", "  ")
	if err != nil {
		panic(err)
	}
	return append(data, '\n')
}

func wall(e *network.EventRequestWillBeSent) string {
	return time.UnixMilli(int64(float64(e.WallTime) * 1000)).UTC().Format("2006-01-02T15:04:05.000Z")
}

func orEmpty(v any) any {
	if v == nil {
		return ""
	}
	return v
}

// shop is a page that makes requests which fail in the ways that matter.
func shop(t *testing.T) string {
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="api"`)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	t.Cleanup(api.Close)
	closed := freeport.Hold(t)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<!doctype html><link rel="icon" href="data:,"><title>shop</title><script>
async function run() {
	const ask = async (url, init) => { try { await (await fetch(url, init)).text() } catch (e) {} };
	await ask("/login", {method: "POST", headers: {"Content-Type": "application/json"}, body: '{"name":"alice","password":"wonder"}'});
	await ask("/orders");
	await ask("/orders", {headers: {Authorization: "Bearer abc.def.ghi"}});
	await ask("/account");
	await ask(%q, {headers: {Authorization: "Bearer abc.def.ghi"}});
	await ask(%q);
	return true;
}
</script>`, api.URL+"/orders", "http://"+closed+"/")
	})
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Add("Set-Cookie", "sid=secret; Path=/; HttpOnly; SameSite=None")
		w.Header().Add("Set-Cookie", "lang=en; Path=/")
		fmt.Fprint(w, `{"ok":true}`)
	})
	mux.HandleFunc("GET /orders", func(w http.ResponseWriter, r *http.Request) {
		challenge := `Bearer realm="shop"`
		if r.Header.Get("Authorization") != "" {
			challenge += `, error="invalid_token", error_description="The access token expired"`
		}
		w.Header().Set("WWW-Authenticate", challenge)
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"status":401}`)
	})
	mux.HandleFunc("GET /account", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/sign-in?next=/account", http.StatusFound)
	})
	mux.HandleFunc("GET /sign-in", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<!doctype html><form></form>") })
	app := httptest.NewServer(mux)
	t.Cleanup(app.Close)
	return app.URL
}

func record(t *testing.T) *recorder {
	t.Helper()
	ctx := browsertest.Start(t).Tab(t).Context()
	r := &recorder{last: map[network.RequestID][]*leg{}, sent: map[network.RequestID][]*network.EventRequestWillBeSentExtraInfo{}, got: map[network.RequestID][]*network.EventResponseReceivedExtraInfo{}}
	if err := chromedp.Listen(ctx, r.listen); err != nil {
		t.Fatal(err)
	}
	limited, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	if _, err := chromedp.Call(limited, network.Enable, network.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Run(limited, chromedp.NavigateResponse(shop(t)+"/")); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(limited, runtime.Evaluate, runtime.EvaluateParams{Expression: "run()", AwaitPromise: new(true)}); err != nil {
		t.Fatal(err)
	}
	for range 1500 { // events of the last request may still be under way
		r.mu.Lock()
		done := len(r.order) >= 9 && !slices.ContainsFunc(r.order, func(l *leg) bool { return l.ended == 0 })
		r.mu.Unlock()
		if done {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range r.order {
		if body, err := chromedp.Call(limited, network.GetResponseBody, network.GetResponseBodyParams{RequestID: l.request.RequestID}); err == nil && l.failed == "" && l.response != nil && l.response.Status != 302 {
			l.body = &body
		}
	}
	return r
}

// A real browser makes the requests; what its network tab would export is read.
// Run with -update, the files in testdata/har are recorded anew.
func TestChromiumRecords(t *testing.T) {
	r := record(t)
	for name, sanitized := range map[string]bool{"chromium.har": false, "chromium-sanitized.har": true} {
		data := r.har(sanitized)
		if *update {
			if err := os.WriteFile(filepath.Join("testdata", "har", name), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		c, err := capture.HAR(data)
		if err != nil {
			t.Fatal(err)
		}
		// Whether a preflight or the request that it is for is told first differs
		// from run to run.
		want, got := slices.Sorted(slices.Values(chromiumLines(sanitized))), slices.Sorted(slices.Values(harLines(c)))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
