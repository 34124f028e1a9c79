// Package trial runs a client, any command, through the scenarios of the mock,
// and reports what the judge says of it.
//
// Start with [Trial.Run]. Every scenario gets a mock of its own on a free port of
// this machine, so that nothing that one run leaves behind is seen by another.
// The command is told where to go and with what by placeholders in its arguments
// and by its environment, see [Words].
package trial
