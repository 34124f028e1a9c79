// Package storetest is the conformance suite for backends of package store. A
// backend's test calls [Run] with a function that opens an empty set; [Account]
// and [APIKey] make records for tests of one's own.
//
// It does not test durability or what several processes see of each other:
// those need to know the backend.
package storetest
