package mock

import (
	"log/slog"
	"time"
)

// Config of a Server. The zero value is ready to be used.
type Config struct {
	// Strict lets the endpoints of httpbin answer as the RFCs want it, instead of
	// as go-httpbin does.
	Strict bool
	// File is what there is from the beginning; nil means nothing.
	File *File
	// Documents are OpenAPI documents that are played from the beginning.
	Documents []Document
	// AdminToken opens the admin API to who sends it as a Bearer token, from
	// anywhere. Without one, only programs of the same machine may use it, and
	// pages that the mock served.
	AdminToken string
	// MaxDelay bounds every delay that a client can ask for; 0 means ten seconds.
	MaxDelay time.Duration
	// Pace holds every answer back for so long, so that in the journal requests
	// that were sent together overlap, and those that were sent one after the
	// other do not; 0 for not at all.
	Pace time.Duration
	// PlainHost is the host and port at which the same server speaks http, where
	// it speaks https; nil means that there is none.
	PlainHost func() string
	// SecureHost is the host and port at which it speaks https, where it speaks
	// http too; nil means that there is none.
	SecureHost func() string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Log gets what goes wrong in the mock itself; nil means nothing.
	Log *slog.Logger
}

// Document is an OpenAPI document, with the name that faults call it.
type Document struct {
	Name string
	Data []byte
}

const defaultMaxDelay = 10 * time.Second
