package diagnose_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/gate401/gate401/internal/capture"
	"github.com/gate401/gate401/internal/diagnose"
	"github.com/gate401/gate401/internal/explain"
)

// Some services put the credential into the path; it is shown nowhere.
func TestNoSecretsOfPaths(t *testing.T) {
	for _, tt := range []struct{ name, url, secret, shown string }{
		{"Telegram", "https://api.telegram.org/bot123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw/getMe", "AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw", `"https://api.telegram.org/bot123456789:$BOT_TOKEN/getMe"`},
		{"Slack", "https://hooks.slack.com/services/T0000000/B0000000/Xy7Xy7Xy7Xy7Xy7Xy7Xy7Xy7", "Xy7Xy7Xy7Xy7Xy7Xy7Xy7Xy7", `"https://hooks.slack.com/services/T0000000/B0000000/$WEBHOOK_SECRET"`},
		{"Discord", "https://discord.com/api/webhooks/1234/" + strings.Repeat("Ab-1_", 14), strings.Repeat("Ab-1_", 14), `"https://discord.com/api/webhooks/1234/$WEBHOOK_SECRET"`},
		{"a token", "https://x.example/unsubscribe/eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1In0.c2lnbmF0dXJl", "eyJzdWIiOiJ1In0.c2lnbmF0dXJl", `"https://x.example/unsubscribe/$TOKEN"`},
		{"encoded", "https://api.telegram.org/bot123456789%3AAAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw/getMe", "AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw", `"https://api.telegram.org/bot123456789:$BOT_TOKEN/getMe"`},
		{"none", "https://x.example/bots/bot1:2/webhooks/12/short", "bots-are-not-secret", "https://x.example/bots/bot1:2/webhooks/12/short"},
	} {
		c, err := capture.URL(capture.Ask{URL: tt.url})
		if err != nil {
			t.Fatal(err)
		}
		for _, status := range []int{0, 200, 301, 401, 403, 404, 429, 500} {
			c.Exchanges[0].Response = nil
			if status > 0 {
				c.Exchanges[0].Response = &capture.Response{Status: status, Header: capture.Header{{Name: "Location", Value: tt.url}}, Body: []byte(tt.url)}
			}
			r := diagnose.Run(c, diagnose.Options{})
			data, err := json.Marshal(r)
			if text := r.Print(explain.Style{}, diagnose.Long) + string(data); err != nil || strings.Contains(text, tt.secret) {
				t.Errorf("%s, %d: %v\n%s", tt.name, status, err, text)
			}
			if status == 0 && (r.Fix == nil || !strings.HasSuffix(r.Fix.Command, " "+tt.shown)) {
				t.Errorf("%s: %+v", tt.name, r.Fix)
			}
		}
	}
}
