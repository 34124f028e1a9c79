package mock

// TB is what a Mock needs of a test. *testing.T, *testing.B, *testing.F and
// testing.TB are one; so is what other test frameworks have in their place.
//
// It is not testing.TB itself, so that programs that are no tests do not link
// package testing because they import this package.
type TB interface {
	// Helper says that the caller is not the line to blame.
	Helper()
	// Name is the name of the test.
	Name() string
	// Cleanup calls f when the test and its subtests are done.
	Cleanup(f func())
	// Errorf fails the test and goes on.
	Errorf(format string, args ...any)
	// Fatalf fails the test and ends it.
	Fatalf(format string, args ...any)
}
