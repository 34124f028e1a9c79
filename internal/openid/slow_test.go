package openid_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/internal/openid"
	"github.com/gate401/gate401/store/memory"
)

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A provider that never answers costs ten seconds, and one request for all who wait.
func TestSilence(t *testing.T) {
	for name, silent := range map[string]transport{
		"no answer": func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		},
		"a body that does not end": func(r *http.Request) (*http.Response, error) {
			body, w := io.Pipe()
			go func() {
				<-r.Context().Done()
				_ = w.CloseWithError(r.Context().Err())
			}()
			return &http.Response{StatusCode: 200, Body: body, Header: http.Header{}, Request: r}, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var asked atomic.Int32
				h := &openid.Handler{
					Gate: &gate401.Gate{Intake: gate401.Intake{PublicURL: &url.URL{Scheme: "https", Host: "gate.example"}}, Responder: &gate401.Responder{}},
					Providers: []*openid.Provider{{Name: "work", Issuer: "https://idp.example", ClientID: "gate", Transport: transport(func(r *http.Request) (*http.Response, error) {
						asked.Add(1)
						return silent(r)
					})}},
					Tickets: memory.Open(memory.Options{}).Tickets,
				}
				began := time.Now()
				var wg sync.WaitGroup
				for range 50 {
					wg.Go(func() {
						w := httptest.NewRecorder()
						h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/auth/login/work", nil))
						if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), `"check-failed"`) {
							t.Errorf("%d %s", w.Code, w.Body)
						}
					})
				}
				wg.Wait()
				if took := time.Since(began); took < 9*time.Second || took > 11*time.Second || asked.Load() != 1 {
					t.Errorf("%d requests, after %s", asked.Load(), took)
				}
				if err := h.Close(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// What is asked goes by https, or stays on this machine, whatever the transport.
func TestPlainHTTP(t *testing.T) {
	h := &openid.Handler{
		Gate: &gate401.Gate{Intake: gate401.Intake{PublicURL: &url.URL{Scheme: "https", Host: "gate.example"}}, Responder: &gate401.Responder{}},
		Providers: []*openid.Provider{{Name: "work", Issuer: "http://idp.example", ClientID: "gate", Transport: transport(func(*http.Request) (*http.Response, error) {
			t.Error("it was asked")
			return nil, errors.New("no")
		})}},
		Tickets: memory.Open(memory.Options{}).Tickets,
	}
	defer h.Close()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/auth/login/work", nil))
	if w.Code != http.StatusServiceUnavailable {
		t.Error(w.Code)
	}
}
