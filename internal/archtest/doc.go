// Package archtest proves the architecture: which package may import which, and
// which modules each may link. The table in arch_test.go is the policy; a
// package or an import that is not in it fails the test.
package archtest
