package httpbin

import (
	"fmt"
	"math/rand"
	"net/http"
	"strconv"
	"strings"
)

// special are the fields and bodies that go-httpbin gives to some codes.
type special struct {
	field, value string
	contentType  string
	body         string
}

const acceptable = `{
  "message": "Client did not request a supported media type",
  "accept": [
    "image/webp",
    "image/svg+xml",
    "image/jpeg",
    "image/png",
    "image/"
  ]
}
`

func (h *Handler) special(code int) special {
	switch code {
	case 300, 308:
		return special{field: "Location", value: "/image/jpeg"}
	case 301, 302, 303, 305, 307:
		return special{field: "Location", value: "/redirect/1"}
	case http.StatusUnauthorized:
		return special{field: "WWW-Authenticate", value: h.askBasic()}
	case http.StatusProxyAuthRequired:
		return special{field: "Proxy-Authenticate", value: h.askBasic()}
	case http.StatusNotAcceptable:
		return special{contentType: jsonType, body: acceptable}
	case http.StatusTeapot:
		return special{field: "X-More-Info", value: "http://tools.ietf.org/html/rfc2324", body: "I'm a teapot!"}
	}
	return special{}
}

func (h *Handler) status(w http.ResponseWriter, r *http.Request) {
	code, err := chooseStatus(r.PathValue("code"))
	if err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	s := h.special(code)
	f := w.Header()
	f.Set("Content-Type", textType)
	if s.contentType != "" {
		f.Set("Content-Type", s.contentType)
	}
	if s.field != "" {
		f.Set(s.field, s.value)
	}
	if code == http.StatusUnauthorized || code == http.StatusProxyAuthRequired {
		h.private(w)
	}
	w.WriteHeader(code)
	if s.body != "" {
		_, _ = w.Write([]byte(s.body))
	}
}

// maxChoices bounds the list of codes.
const maxChoices = 100

// chooseStatus reads one code, or a list such as "200:0.9,401:0.1" of which it
// draws one by weight.
func chooseStatus(raw string) (int, error) {
	if !strings.Contains(raw, ",") {
		return statusCode(raw, 100)
	}
	parts := strings.Split(raw, ",")
	if len(parts) > maxChoices {
		return 0, fmt.Errorf("more than %d codes", maxChoices)
	}
	codes, weights, total := make([]int, len(parts)), make([]float64, len(parts)), 0.0
	for i, part := range parts {
		code, weight, weighted := strings.Cut(part, ":")
		var err error
		if codes[i], err = statusCode(code, 100); err != nil {
			return 0, fmt.Errorf("invalid choice value: %q", code)
		}
		weights[i] = 1
		if weighted {
			if weights[i], err = strconv.ParseFloat(weight, 64); err != nil || !(weights[i] >= 0 && weights[i] <= 1e9) {
				return 0, fmt.Errorf("invalid weight value: %q", weight)
			}
		}
		total += weights[i]
	}
	if total == 0 {
		return 0, fmt.Errorf("the weights sum up to nothing")
	}
	drawn := rand.Float64() * total //nolint:gosec // chance, not secrecy
	for i, weight := range weights {
		if drawn -= weight; drawn < 0 {
			return codes[i], nil
		}
	}
	return codes[len(codes)-1], nil
}

func statusCode(raw string, least int) (int, error) {
	code, err := strconv.Atoi(raw)
	most := 599
	if least == 300 {
		most = 399
	}
	if err != nil {
		return 0, fmt.Errorf("invalid status code: %q: %w", raw, err)
	}
	if code < least || code > most {
		return 0, fmt.Errorf("invalid status code: %d not in range [%d, %d]", code, least, most)
	}
	return code, nil
}
