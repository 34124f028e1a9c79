// Package rig starts gate401 and other servers on chosen cores and reads what
// they take of the machine: the ground on which the side by side measurements
// and the soak stand.
//
// Start with [NewMaterial], which makes people, keys, tokens and the records
// that know them, and with [Start], which runs a program and waits until it
// answers.
//
// It reads /proc, so that it measures on Linux alone. It opens nothing but
// loopback addresses, and is no part of the program.
package rig
