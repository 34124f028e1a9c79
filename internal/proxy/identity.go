package proxy

import "github.com/gate401/gate401/internal/identity"

// Field is a property of the identity, or of the request, that the upstream can
// be told in a header field.
type Field = identity.Field

// The fields.
const (
	FieldSubject    = identity.FieldSubject
	FieldMethod     = identity.FieldMethod
	FieldName       = identity.FieldName
	FieldIssuer     = identity.FieldIssuer
	FieldCredential = identity.FieldCredential
	FieldGroups     = identity.FieldGroups
	FieldScopes     = identity.FieldScopes
	FieldRequestID  = identity.FieldRequestID
	FieldRule       = identity.FieldRule
)

// DefaultIdentity is what an upstream is told unless configured otherwise.
func DefaultIdentity() map[string]Field { return identity.Default() }
