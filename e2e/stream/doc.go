// Package stream runs the real program and holds streams open through it:
// WebSockets, feeds of events, gRPC. They have to end when what let them in does
// not hold any more. It has tests alone.
package stream
