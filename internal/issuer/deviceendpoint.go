package issuer

import (
	"net/http"
	"net/url"
	"time"

	"github.com/gate401/gate401"
)

// DeviceEndpoint is the device authorization endpoint (RFC 8628 section 3.1).
type DeviceEndpoint struct {
	Desk
	// Page is the URL where a person enters the code.
	Page string
	// Limit bounds how many devices wait, by client and address; nil bounds
	// nothing.
	Limit gate401.Guard
}

// ServeHTTP answers a device that wants somebody to log in.
func (e *DeviceEndpoint) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	v, err := e.Desk.begin(w, hr)
	var start *DeviceStart
	if err == nil {
		start, err = e.start(w, v)
	}
	e.answer(w, v, func() Response {
		return plain(http.StatusOK, map[string]any{
			"device_code": start.DeviceCode, "user_code": start.UserCode,
			"verification_uri":          e.Page,
			"verification_uri_complete": e.Page + "?" + url.Values{"user_code": {start.UserCode}}.Encode(),
			"expires_in":                int64(start.ExpiresIn / time.Second), "interval": int64(start.Interval / time.Second),
		})
	}, err)
}

func (e *DeviceEndpoint) start(w http.ResponseWriter, v *visit) (*DeviceStart, error) {
	form, err := e.form(w, v)
	if err != nil {
		return nil, err
	}
	if e.Limit != nil && v.r != nil {
		// Never given back: each one is a record.
		settle, err := e.Limit.Reserve(v.hr.Context(), v.r, guess("device "+v.client.ID))
		if err != nil {
			return nil, err
		}
		settle(spent)
	}
	return e.Issuer.StartDevice(v.hr.Context(), v.client, scopesOf(form), form["resource"])
}

var _ http.Handler = (*DeviceEndpoint)(nil)
