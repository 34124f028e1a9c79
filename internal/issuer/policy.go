package issuer

import (
	"time"

	"github.com/gate401/gate401/token"
)

// Lifetimes of logins where a Policy does not say.
const (
	DefaultIdle     = 24 * time.Hour      // of a refresh token that nobody uses
	DefaultAbsolute = 30 * 24 * time.Hour // of a login, however busy
	DefaultGrace    = 10 * time.Second
	DefaultCode     = time.Minute      // of an authorization code
	DefaultDevice   = 10 * time.Minute // of a device that waits for a person
)

// Rotation is what becomes of a refresh token that was used.
type Rotation int

const (
	// RotateAndDetect gives a new one; using the old one again, after the grace,
	// shows that two parties have it, and ends the login (RFC 9700 section
	// 4.14.2).
	RotateAndDetect Rotation = iota
	// RotateOnly gives a new one; the old one is refused, and nothing else
	// happens.
	RotateOnly
	// Keep lets it go on being good. RFC 9700 section 2.2.2 wants that for
	// confidential clients alone.
	Keep
)

// Policy says how long tokens are good, and what becomes of a used one. The zero
// value is safe.
type Policy struct {
	// Access is how long access tokens are good; 0 means token.DefaultTTL.
	Access time.Duration
	// Idle is how long a refresh token may lie unused; 0 means DefaultIdle.
	Idle time.Duration
	// Absolute is how long a login lasts at most; 0 means DefaultAbsolute.
	Absolute time.Duration
	// Code is how long an authorization code is good; 0 means DefaultCode.
	Code time.Duration
	// Device is how long a person has to enter the code of a device; 0 means
	// DefaultDevice.
	Device time.Duration
	// WithSession lets a login that was approved in a browser end with the session
	// there, by logging out or by not being used: nothing more is given then.
	WithSession bool
	// Rotation is what becomes of a used refresh token.
	Rotation Rotation
	// Grace is how long a used refresh token still gets an answer, so that an
	// answer that was lost, or twenty requests that refresh at once, do not end
	// the login; 0 means DefaultGrace, a negative value none. Each repetition
	// gets tokens of its own: within the grace a stolen token is as good as the
	// client's, and so are the tokens that it got. A device that asks again with a
	// used code gets the same login for as long, counted from when it may ask (RFC
	// 8628 section 3.5).
	Grace time.Duration
}

func (p *Policy) access() time.Duration   { return or(p.Access, token.DefaultTTL) }
func (p *Policy) idle() time.Duration     { return or(p.Idle, DefaultIdle) }
func (p *Policy) code() time.Duration     { return or(p.Code, DefaultCode) }
func (p *Policy) device() time.Duration   { return or(p.Device, DefaultDevice) }
func (p *Policy) absolute() time.Duration { return or(p.Absolute, DefaultAbsolute) }

// since is the earliest first use that the grace still covers; zero for none.
func (p *Policy) since(now time.Time) time.Time {
	if p.Grace < 0 {
		return time.Time{}
	}
	return now.Add(-or(p.Grace, DefaultGrace))
}

func or(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return d
}
