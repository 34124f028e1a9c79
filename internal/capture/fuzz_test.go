package capture_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/gate401/gate401/internal/capture"
)

// sound holds for whatever was read.
func sound(t *testing.T, c capture.Capture, err error) {
	t.Helper()
	if err != nil {
		if len(c.Exchanges) > 0 {
			t.Error("an error and exchanges")
		}
		return
	}
	for _, x := range c.Exchanges {
		if x.Request.URL == nil {
			t.Fatal("no URL")
		}
		_ = x.Request.URL.String()
		for _, f := range x.Request.Header {
			if f.Name == "" {
				t.Errorf("a field without a name: %q", f.Value)
			}
		}
		if x.Response != nil && x.Response.Status != 0 && (x.Response.Status < 100 || x.Response.Status > 999) {
			t.Errorf("status %d", x.Response.Status)
		}
	}
}

func FuzzCurl(f *testing.F) {
	for _, seed := range []string{
		`http -f POST :3000/x a=b c==d E:f g:='{"h":1}' -a i:j -A digest`, `curl -sSLu a:b -H 'A: b' -d x=1 https://h/`, "curl ^\"https://h/^\" ^\n -H ^\"a: ^\\^\"b^\\^\"^\"", "curl.exe -H \"A: $env:B `\"x`\"\" 'https://h/'",
		`fetch("https://h/", {"headers": {"a": "b" + c}, body: JSON.stringify({a: [1, ` + "`${x}`" + `]})})`,
		"$s = New-Object X\n$s.Cookies.Add((New-Object System.Net.Cookie(\"a\", \"b\", \"/\", \"h\")))\nInvoke-WebRequest -Uri \"https://h/\" -WebSession $s -Headers @{\n\"a\"=\"b\"\n} -Body (@{a=1} | ConvertTo-Json)",
		"A=1; curl -d @- \"$A$(x)`y`${z:-1}\" <<EOF\nx\nEOF\n", `curl $'\x41\u00fc\'' --json '{' -F a=@b -G --url-query +x {a,b}`, "Invoke-WebRequest -Body @'\nx\n'@ a",
		"curl –H “A: b\" ‘https://h/’ \"x” -d ‘{“a”:’’}\u00a0", "irm –Uri ‘x’ -Headers @{“A”=„b``“} -Body @“\nx\n”@", "fetch(“h”,{a:‘b\"’})", "curl.exe –H ‘A: b’",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := capture.Curl(text)
		sound(t, c, err)
	})
}

func FuzzHAR(f *testing.F) {
	files, err := filepath.Glob("testdata/har/*.har")
	if err != nil || len(files) == 0 {
		f.Fatal("no seeds")
	}
	for _, name := range files {
		if data, err := os.ReadFile(name); err == nil && len(data) < 10_000 {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := capture.HAR(data)
		sound(t, c, err)
	})
}

func FuzzRaw(f *testing.F) {
	files, err := filepath.Glob("testdata/raw/*.txt")
	if err != nil || len(files) == 0 {
		f.Fatal("no seeds")
	}
	for _, name := range files {
		if data, err := os.ReadFile(name); err == nil {
			f.Add(string(data))
		}
	}
	f.Add("POST /a HTTP/1.1\nHost: h\n\nx\nHTTP/1.1 401 No\nTransfer-Encoding: chunked\n\n3\nabc\n0\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := capture.Raw(text)
		sound(t, c, err)
	})
}

func FuzzPostman(f *testing.F) {
	f.Add([]byte(collection), []byte(`{"values":[{"key":"token","value":"{{token}}{{host}}"}]}`))
	f.Add([]byte(`{"info":{},"item":[{"request":{"url":{"raw":"{{a}}"},"auth":{"type":"basic","basic":[]}}}],"variable":[{"key":"a","value":"{{a}}{{a}}"}]}`), []byte(nil))
	f.Fuzz(func(t *testing.T, data, environment []byte) {
		c, err := capture.Postman(data, environment)
		sound(t, c, err)
	})
}
