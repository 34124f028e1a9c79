// Package world gives every test a protected API of its own, with a login, a
// token endpoint and resources, below /s/{session}/ of a mock: the real gate
// with a script. What a world answers is the gate's own answer until its
// [Settings] or a [Command] say otherwise.
//
// Start with [Worlds], which keeps the worlds of a process apart, and with
// [Settings], which say what goes wrong in one.
//
// State belongs to a world, never to the process: two tests that use two
// session ids never see each other. A world keeps no goroutine and forgets
// nothing while it is used; [Worlds] forgets whole worlds that nobody uses.
//
// It is for tests: names and passwords are published by the world itself, and
// nothing in it outlives the process.
package world
