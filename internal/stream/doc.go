// Package stream knows which answers are still running, and ends those whose
// credential was withdrawn: a WebSocket or a feed of events that began with a
// good credential must not outlive it.
//
// Start with a [Hub], which every running stream is entered in by [Hub.Watch],
// and with [Hub.Publish], by which whoever learns of a revocation ends the
// streams that it is about. [Recheck] finds the revocations that another process
// wrote into the records.
//
// The package does not write to any client: how a stream ends is the business of
// the surface that carries it. It does not know when a credential expires either,
// which needs no message.
package stream
