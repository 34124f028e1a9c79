package capture_test

import (
	"encoding/binary"
	"testing"
	"unicode/utf16"

	"github.com/gate401/gate401/internal/capture"
)

// TestUTF16: what Windows PowerShell wrote to a file is read like any other text.
func TestUTF16(t *testing.T) {
	text := "GET /ö HTTP/1.1\r\nHost: x.example\r\n\r\nHTTP/1.1 401 Unauthorized\r\n\r\n"
	har := `{"log":{"entries":[{"request":{"method":"GET","url":"https://x.example/ö"},"response":{"status":401}}]}}`
	for name, order := range map[string]binary.AppendByteOrder{"little": binary.LittleEndian, "big": binary.BigEndian} {
		write := func(text string) []byte {
			var data []byte
			for _, u := range utf16.Encode([]rune("\ufeff" + text)) {
				data = order.AppendUint16(data, u)
			}
			return data
		}
		if got := string(capture.UTF8(write(text))); got != text {
			t.Errorf("%s: %q", name, got)
		}
		if c, err := capture.Raw(string(write(text))); err != nil || len(c.Exchanges) != 1 || c.Exchanges[0].Response == nil || c.Exchanges[0].Response.Status != 401 {
			t.Errorf("%s: raw: %v %+v", name, err, c)
		}
		if c, err := capture.HAR(write(har)); err != nil || len(c.Exchanges) != 1 || c.Exchanges[0].Request.URL.Path != "/ö" {
			t.Errorf("%s: HAR: %v %+v", name, err, c)
		}
		if c, err := capture.Curl(string(write("curl https://x.example/ö"))); err != nil || len(c.Exchanges) != 1 {
			t.Errorf("%s: curl: %v %+v", name, err, c)
		}
	}
	for _, odd := range []string{"", "\xff\xfe", "\xff\xfea", "\xfe\xff\xd8"} {
		capture.UTF8([]byte(odd))
	}
}
