// Package authntest checks a [gate401.Authenticator] against the contract that
// the gate relies on. Every method of package authn passes it, and one's own
// should.
//
// Start with [Run] and a [Suite], whose New makes the method and requests for it;
// [Request] makes the requests:
//
//	func TestConformance(t *testing.T) {
//		authntest.Run(t, authntest.Suite{New: func(t *testing.T) authntest.Sample {
//			return authntest.Sample{
//				Method: myMethod(),
//				Valid:  []*gate401.Request{authntest.Request("/", "Authorization", "Mine right")},
//				...
//			}
//		}})
//	}
//
// It checks the contract, not the method: whether the right credentials are the
// ones that pass is for the method's own tests. Run it with -race.
package authntest
