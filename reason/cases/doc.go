// Package cases holds one example for each reason of the catalogue, as files: a
// configuration, one or more requests, and the exact answer and log line that
// the gate must give. The tests run them through the real gate; the
// documentation, the mock, explain and audit read the same files.
//
// [Load] reads them all, [Parse] one; [NotYet] lists the reasons that cannot
// be produced so far. README.md beside this file describes the format and the
// fixed world in which the cases play ([Clock], [People], ...).
//
// The package runs nothing and makes no credentials: it hands out placeholders,
// and [Expand] puts in what a runner makes for them.
package cases
