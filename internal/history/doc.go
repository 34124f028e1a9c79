// Package history writes down the lives of credentials: when a token, an API key
// or a session was issued, renewed, used, refused and revoked, and reads one life
// back.
//
// Start with [New], whose [Recorder] takes events ([Recorder.Record]) and the
// decisions of the gate ([Recorder.Observe]) without ever making a request wait;
// and with [Trace], which tells the life of one credential with its family.
//
// It proves nothing and decides nothing: what it lost, because the store was away
// for too long or the process was killed, it lost. The audit records are what an
// operator's changes are written to.
package history
