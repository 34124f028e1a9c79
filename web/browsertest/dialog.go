package browsertest

import (
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/chromedp"
)

// AnswerDialog answers the browser's own dialog for a name and a password as a
// person would. It returns a count of how often it would have opened.
func (p *Tab) AnswerDialog(answer fetch.AuthChallengeResponse) (opened func() int) {
	p.t.Helper()
	paused := chromedp.Events(p.ctx, fetch.RequestPaused)
	asked := chromedp.Events(p.ctx, fetch.AuthRequired)
	yes := true
	Call(p, fetch.Enable, fetch.EnableParams{HandleAuthRequests: &yes})
	times := make(chan struct{}, 100)
	go func() {
		for e, err := range paused {
			if err != nil {
				return
			}
			_, _ = chromedp.Call(p.ctx, fetch.ContinueRequest, fetch.ContinueRequestParams{RequestID: e.RequestID})
		}
	}()
	go func() {
		for e, err := range asked {
			if err != nil {
				return
			}
			times <- struct{}{}
			_, _ = chromedp.Call(p.ctx, fetch.ContinueWithAuth, fetch.ContinueWithAuthParams{RequestID: e.RequestID, AuthChallengeResponse: &answer})
		}
	}()
	return func() int { return len(times) }
}
