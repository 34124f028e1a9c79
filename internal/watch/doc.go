// Package watch keeps what happened: one log line for every decision, and the
// trace of every refusal by its request id.
//
// Start with [New], whose Observe is what gate401.Gate.Observe wants, and with
// [Traces.Lookup], which finds a refusal again.
//
// Lines are formatted where the decision is made, in well under a microsecond,
// and written by one goroutine in batches; [Watch.Close] writes what is left.
// Nothing here keeps or prints a credential, a query, or a body.
//
// It does not count for metrics, watch for anomalies or read other logs.
package watch
