// Package guide serves the pages behind every problem type: what a 401 is, and
// one page for each reason of the catalogue, for people and as JSON.
//
// Start with [Guide], an http.Handler:
//
//	mux.Handle("/auth/problems/", &guide.Guide{Prefix: "/auth/problems/"})
//
// and [Family], the order in which the reasons are told.
//
// The pages are the same for everyone and say nothing about the installation:
// they may be read without credentials, kept by caches and found by search
// engines. The texts of the reasons are those of package reason; the examples
// are written by the same code that writes real refusals. The package decides
// nothing and reads no request but its path and Accept.
package guide
