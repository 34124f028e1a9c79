// Package cli is the command line of gate401: one file for each command.
//
// Start with [Main], which runs one command line and returns the exit status;
// [Tree] describes all commands for the documentation.
//
// The voice of the command line, the same in every command:
//
//   - Results go to standard output, everything else to standard error.
//   - "gate401: ..." states a fact, "gate401: error: ..." ends the run,
//     "gate401: hint: ..." follows an error and says what to do.
//   - Exit status 0: fine. 1: problems were found, or it was refused.
//     2: wrong use. 3: it could not be tested.
//   - Every command that reports has --json, which changes the form and never
//     the status.
//   - A secret is printed once, when it is made, and is never an argument.
//
// It decides nothing about requests; package gate401 does, and internal/server
// runs it.
package cli
