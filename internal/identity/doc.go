// Package identity is what an upstream is told about who is asking: the header
// fields, what each holds, and how values are written, the same on every surface
// that talks to an upstream.
//
// Start with [Ready], which checks the fields of a configuration, and with
// [Told.Value], which writes one.
//
// It sends nothing, and it takes nothing out of what a client sent: that is for
// the surfaces.
package identity
