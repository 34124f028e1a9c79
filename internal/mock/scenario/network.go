package scenario

import (
	"encoding/json"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/gate401/gate401/internal/mock/mix"
	"github.com/gate401/gate401/internal/mock/wire"
	"github.com/gate401/gate401/reason"
)

func network() []Scenario {
	proxy := with(without(refused(), "WWW-Authenticate"), "Proxy-Authenticate", basic())
	proxy.Status = http.StatusProxyAuthRequired
	return []Scenario{
		{
			Name: "preflight-401", Group: GroupNetwork, Title: "The preflight is answered 401", Path: Prefix + "preflight-401/",
			Explain: "A gate in front of the API asks OPTIONS for credentials, which a preflight never has. The browser tells the page of a CORS error only. Other requests pass.",
			Expect:  giveUp(0, "A page cannot do anything; a client that is no browser sends no preflight and sees nothing of it."),
			play: func(_ *Player, w http.ResponseWriter, r *http.Request, _ string) {
				if r.Method == http.MethodOptions {
					refused(bearer()).Serve(w, r)
					return
				}
				wire.Share(w, r)
				passed().Serve(w, r)
			},
		},
		{
			Name: "proxy-strips-authorization", Group: GroupNetwork, Title: "A proxy eats Authorization", Path: Prefix + "proxy-strips-authorization/",
			Reason:  reason.CredentialsMissing,
			Explain: "CGI, some load balancers and rewrites drop the field: whatever the client sends, the server sees no credentials and names no error. Refreshing never helps.",
			Expect:  giveUp(401, "Send the credentials once; a 401 without an error code after that means that they did not arrive. Give up and say so."),
			play:    always(refused(bearer())),
		},
		{
			Name: "proxy-407", Group: GroupNetwork, Title: "A proxy asks for credentials of its own", Path: Prefix + "proxy-407/",
			Explain: "407 and Proxy-Authenticate are for the proxy that the client was configured with. Credentials for the server must not go to it.",
			Expect:  giveUp(407, "Answer with Proxy-Authorization if a proxy is configured, never with Authorization."),
			play: func(_ *Player, w http.ResponseWriter, r *http.Request, _ string) {
				again := r.Clone(r.Context())
				again.Header.Set("Authorization", r.Header.Get("Proxy-Authorization"))
				if known(again) {
					passed().Serve(w, r)
					return
				}
				proxy.Serve(w, r)
			},
		},
		{
			Name: "redirect-cross-host", Group: GroupNetwork, Title: "A redirect to another host", Path: Prefix + "redirect-cross-host/",
			Explain: "From 127.0.0.1 to localhost or back: another host, and whoever runs it would get the credentials that come along. The other host says whether some came.",
			Expect:  Expect{Do: MoveProceed, Sentence: "Follow without Authorization and cookies.", Status: 200},
			play:    redirectHost,
		},
		{
			Name: "redirect-same-host", Group: GroupNetwork, Title: "A redirect on the same host", Path: Prefix + "redirect-same-host/",
			Explain: "From /path to /path/ for example. Some clients drop Authorization here as well, and are refused.",
			Expect:  Expect{Do: MoveProceed, Sentence: "Follow with the credentials.", Requests: 2, Status: 200},
			play: func(_ *Player, w http.ResponseWriter, r *http.Request, rest string) {
				if rest == landed {
					land(w, r)
					return
				}
				with(mix.Answer{Status: http.StatusTemporaryRedirect}, "Location", Prefix+"redirect-same-host/"+landed).Serve(w, r)
			},
		},
		{
			Name: "redirect-to-http", Group: GroupNetwork, Title: "A redirect from https to http", Path: Prefix + "redirect-to-http/",
			Explain: "What is sent after it can be read by everybody on the way. Needs a mock with --tls, which listens for plain http too; without, the redirect goes from http to http.",
			Expect:  Expect{Do: MoveProceed, Sentence: "Refuse to follow, or follow without credentials.", Status: 0},
			play:    redirectPlain,
		},
		{
			Name: "redirect-to-https", Group: GroupNetwork, Title: "A redirect from http to https", Path: Prefix + "redirect-to-https/",
			Explain: "Whatever was sent with the first request could be read by everybody on the way, and many clients take no credential along to https, which is another origin: the next answer is then a 401. Needs a mock with --tls, asked at its http address; elsewhere the redirect stays on the same scheme.",
			Expect:  Expect{Do: MoveGiveUp, Sentence: "Begin with https: the credential was in clear already. A credential for http is none for https.", Status: 0},
			play:    redirectSecure,
		},
	}
}

const landed = "landed"

// land says what came along.
func land(w http.ResponseWriter, r *http.Request) {
	body, _ := json.Marshal(map[string]any{ // text and truth always can be written
		"host": r.Host, "authorization": r.Header.Get("Authorization") != "", "cookie": r.Header.Get("Cookie") != "", "tls": r.TLS != nil,
	})
	with(mix.Answer{Status: http.StatusOK, Body: append(body, '\n')}, "Content-Type", "application/json", "Cache-Control", "no-store").Serve(w, r)
}

func redirectHost(_ *Player, w http.ResponseWriter, r *http.Request, rest string) {
	if rest == landed {
		land(w, r)
		return
	}
	host, port, err := net.SplitHostPort(r.Host)
	if err != nil {
		host, port = r.Host, ""
	}
	other := "localhost"
	if strings.EqualFold(host, other) {
		other = "127.0.0.1"
		// Where the mock listens on IPv6 alone, its other name is there.
		if local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
			if at, err := netip.ParseAddrPort(local.String()); err == nil && at.Addr().Unmap().Is6() {
				other = "[::1]"
			}
		}
	}
	if port != "" {
		other += ":" + port
	}
	to := url.URL{Scheme: "http", Host: other, Path: Prefix + "redirect-cross-host/" + landed}
	if r.TLS != nil {
		to.Scheme = "https"
	}
	with(mix.Answer{Status: http.StatusTemporaryRedirect}, "Location", to.String()).Serve(w, r)
}

// redirectSecure asks for credentials where it leads to, so that what got lost on
// the way is seen.
func redirectSecure(p *Player, w http.ResponseWriter, r *http.Request, rest string) {
	if rest == landed {
		if r.Header.Get("Authorization") == "" {
			refused(bearer(), basic()).Serve(w, r)
			return
		}
		land(w, r)
		return
	}
	to := url.URL{Scheme: "http", Host: r.Host, Path: Prefix + "redirect-to-https/" + landed}
	if r.TLS != nil {
		to.Scheme = "https"
	} else if p.SecureHost != nil {
		if h := p.SecureHost(); h != "" {
			to.Scheme, to.Host = "https", h
		}
	}
	with(mix.Answer{Status: http.StatusTemporaryRedirect}, "Location", to.String()).Serve(w, r)
}

func redirectPlain(p *Player, w http.ResponseWriter, r *http.Request, rest string) {
	if rest == landed {
		land(w, r)
		return
	}
	host := r.Host
	if p.PlainHost != nil {
		if h := p.PlainHost(); h != "" {
			host = h
		}
	}
	to := url.URL{Scheme: "http", Host: host, Path: Prefix + "redirect-to-http/" + landed}
	with(mix.Answer{Status: http.StatusTemporaryRedirect}, "Location", to.String()).Serve(w, r)
}
