package httpbin

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// seen is a request without a body, as its sender is shown it.
type seen struct {
	Args    url.Values  `json:"args"`
	Headers http.Header `json:"headers"`
	Method  string      `json:"method"`
	Origin  string      `json:"origin"`
	URL     string      `json:"url"`
}

// seenBody is a request with its body.
type seenBody struct {
	seen
	Data  string     `json:"data"`
	Files url.Values `json:"files"`
	Form  url.Values `json:"form"`
	JSON  any        `json:"json"`
}

func see(r *http.Request) seen {
	return seen{Args: r.URL.Query(), Headers: fieldsOf(r), Method: r.Method, Origin: clientOf(r), URL: externalURL(r).String()}
}

func (h *Handler) get(w http.ResponseWriter, r *http.Request) {
	writeJSON(w, http.StatusOK, see(r))
}

func (h *Handler) anything(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodHead {
		h.get(w, r)
		return
	}
	h.echo(w, r)
}

func (h *Handler) echo(w http.ResponseWriter, r *http.Request) {
	s := seenBody{seen: see(r), Files: url.Values{}, Form: url.Values{}}
	if err := s.read(r); err != nil {
		refuse(w, http.StatusBadRequest, "error parsing request body: "+err.Error())
		return
	}
	writeJSON(w, http.StatusOK, s)
}

// maxParts is how much of a multipart body is kept in memory; the rest has its
// place in files, within Handler.MaxBody.
const maxParts = 1024

// read shows the body by its type; data always has it as it came, or as a data
// URL if it is no text.
func (s *seenBody) read(r *http.Request) error {
	body, err := io.ReadAll(r.Body)
	if err != nil || len(body) == 0 {
		return err
	}
	s.Data = string(body)
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	switch kind {
	case "text/html", "text/plain":
	case "application/json":
		return json.NewDecoder(bytes.NewReader(body)).Decode(&s.JSON)
	case "application/x-www-form-urlencoded":
		form, err := url.ParseQuery(string(body))
		s.Form = form
		return err
	case "multipart/form-data":
		again := r.Clone(r.Context())
		again.Body = io.NopCloser(bytes.NewReader(body))
		if err := again.ParseMultipartForm(maxParts); err != nil { //nolint:gosec // the body was read and bounded above
			return err
		}
		defer func() { _ = again.MultipartForm.RemoveAll() }()
		s.Form = url.Values(again.MultipartForm.Value)
		s.Files, err = contents(again.MultipartForm.File)
		return err
	default:
		if kind == "" {
			kind = "application/octet-stream"
		}
		s.Data = "data:" + kind + ";base64," + base64.URLEncoding.EncodeToString(body)
	}
	return nil
}

func contents(files map[string][]*multipart.FileHeader) (url.Values, error) {
	all := url.Values{}
	for name, headers := range files {
		for _, header := range headers {
			f, err := header.Open()
			if err != nil {
				return nil, err
			}
			text, err := io.ReadAll(f)
			_ = f.Close()
			if err != nil {
				return nil, err
			}
			all.Add(name, string(text))
		}
	}
	return all, nil
}

func (h *Handler) headers(w http.ResponseWriter, r *http.Request) {
	writeJSON(w, http.StatusOK, map[string]http.Header{"headers": fieldsOf(r)})
}

func (h *Handler) ip(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("format") == "text" {
		w.Header().Set("Content-Type", textType)
		_, _ = io.WriteString(w, clientOf(r)+"\n") //nolint:gosec // text/plain
		return
	}
	writeJSON(w, http.StatusOK, map[string]string{"origin": clientOf(r)})
}

func (h *Handler) userAgent(w http.ResponseWriter, r *http.Request) {
	writeJSON(w, http.StatusOK, map[string]string{"user-agent": r.Header.Get("User-Agent")})
}

// fieldsOf are the fields with those that net/http keeps elsewhere.
func fieldsOf(r *http.Request) http.Header {
	all := r.Header.Clone()
	all.Set("Host", r.Host)
	if len(r.TransferEncoding) > 0 {
		all.Set("Transfer-Encoding", strings.Join(r.TransferEncoding, ","))
	}
	return all
}

// clientOf is where the request says that it comes from, which go-httpbin
// believes: an answer that is shown to its own sender only.
func clientOf(r *http.Request) string {
	for _, name := range []string{"Fly-Client-IP", "CF-Connecting-IP", "Fastly-Client-IP", "True-Client-IP"} {
		if v := r.Header.Get(name); v != "" {
			return v
		}
	}
	if v := r.Header.Get("X-Forwarded-For"); v != "" {
		first, _, _ := strings.Cut(v, ",")
		return strings.TrimSpace(first)
	}
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		return host
	}
	return r.RemoteAddr
}

// externalURL is the URL as the client wrote it, believing what proxies say.
func externalURL(r *http.Request) *url.URL {
	u := *r.URL
	u.Scheme = "http"
	f := r.Header
	switch {
	case f.Get("X-Forwarded-Proto") != "":
		u.Scheme = f.Get("X-Forwarded-Proto")
	case f.Get("X-Forwarded-Protocol") != "":
		u.Scheme = f.Get("X-Forwarded-Protocol")
	case f.Get("X-Forwarded-Ssl") == "on", r.TLS != nil:
		u.Scheme = "https"
	}
	if u.Host == "" {
		u.Host = r.Host
	}
	return &u
}
