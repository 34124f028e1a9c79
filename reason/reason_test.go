package reason_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gate401/gate401/reason"
)

var kebab = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)+$`)

// A clause is "RFC 9110 15.5.2, 11.6.1" or a draft with its sections.
var clause = regexp.MustCompile(`^(RFC [1-9]\d{3}|draft-[a-z0-9-]+) \d+(\.\d+)*(, \d+(\.\d+)*)*$`)

// registered maps the OAuth error codes that may be sent to their status:
// RFC 6750 section 3.1, RFC 6749 section 5.2, RFC 9449 sections 5, 7.1 and 9,
// RFC 9470 section 3.
var registered = map[string]int{
	"invalid_request":                  400,
	"invalid_grant":                    400,
	"invalid_token":                    401,
	"invalid_client":                   401,
	"use_dpop_nonce":                   401,
	"invalid_dpop_proof":               401,
	"insufficient_user_authentication": 401,
	"insufficient_scope":               403,
}

// contract is the table of the design, row by row: code, status, error, shown
// as, retry. It is written out so that a change of the catalogue is a change of
// the contract, made on purpose.
const contract = `
credentials-missing 401 - - reauthenticate
authorization-misspelt 401 - - fix-request
scheme-unsupported 401 - - fix-request
authorization-malformed 401 - - fix-request
credentials-ambiguous 400 invalid_request - fix-request
request-malformed 400 invalid_request - fix-request
basic-malformed 401 - - fix-request
account-unknown 401 - credentials-invalid reauthenticate
password-wrong 401 - credentials-invalid reauthenticate
password-outdated 401 - credentials-invalid reauthenticate
one-time-code-wrong 401 - - reauthenticate
credentials-invalid 401 - - reauthenticate
digest-malformed 401 - - fix-request
digest-uri-mismatch 400 - - fix-request
digest-stale 401 - - repeat
digest-replayed 401 - digest-stale repeat
token-malformed 401 invalid_token - fix-request
token-type-wrong 401 invalid_token - fix-request
token-issuer-unknown 401 invalid_token - fix-request
token-audience-wrong 401 invalid_token - fix-request
token-signature-invalid 401 invalid_token token-invalid reauthenticate
token-algorithm-refused 401 invalid_token token-invalid reauthenticate
token-key-unknown 401 invalid_token token-invalid reauthenticate
token-invalid 401 invalid_token - reauthenticate
token-expired 401 invalid_token - refresh
token-not-yet-valid 401 invalid_token - later
token-revoked 401 invalid_token - reauthenticate
token-inactive 401 invalid_token token-invalid reauthenticate
dpop-nonce-required 401 use_dpop_nonce - repeat
dpop-proof-invalid 401 invalid_dpop_proof - fix-request
dpop-proof-replayed 401 invalid_dpop_proof dpop-proof-invalid fix-request
token-binding-failed 401 invalid_token - fix-request
client-unknown 401 invalid_client client-invalid fix-request
client-secret-wrong 401 invalid_client client-invalid fix-request
client-suspended 401 invalid_client client-invalid fix-request
client-invalid 401 invalid_client - fix-request
refresh-token-expired 400 invalid_grant grant-invalid reauthenticate
refresh-token-reused 400 invalid_grant grant-invalid reauthenticate
grant-invalid 400 invalid_grant - reauthenticate
api-key-malformed 401 - - fix-request
api-key-unknown 401 - api-key-invalid fix-request
api-key-expired 401 - - fix-request
api-key-revoked 401 - - fix-request
api-key-wrong-environment 401 - - fix-request
api-key-wrong-place 401 - - fix-request
api-key-invalid 401 - - fix-request
session-missing 401 - credentials-missing reauthenticate
session-unknown 401 - session-expired reauthenticate
session-revoked 401 - session-expired reauthenticate
session-expired 401 - - reauthenticate
authentication-too-old 401 insufficient_user_authentication - step-up
authentication-too-weak 401 insufficient_user_authentication - step-up
csrf-failed 403 - - fix-request
scope-insufficient 403 insufficient_scope - request-access
rule-missing 403 - access-denied request-access
group-missing 403 - access-denied request-access
not-owner 403 - access-denied request-access
condition-false 403 - access-denied request-access
address-blocked 403 - access-denied request-access
access-denied 403 - - request-access
account-suspended 403 - - request-access
rate-limited 429 - - wait
locked-out 429 - rate-limited wait
check-failed 503 - - later
`

// added are reasons beyond the design's table, for causes that the mission
// names: an API key that is missing is told apart from a missing Authorization
// header, and a refresh or a code that is refused has a cause of its own.
const added = `
api-key-missing 401 - credentials-missing reauthenticate
refresh-token-revoked 400 invalid_grant grant-invalid reauthenticate
refresh-token-unknown 400 invalid_grant grant-invalid reauthenticate
code-expired 400 invalid_grant grant-invalid reauthenticate
code-mismatch 400 invalid_grant grant-invalid reauthenticate
code-reused 400 invalid_grant grant-invalid reauthenticate
code-unknown 400 invalid_grant grant-invalid reauthenticate
`

func TestContract(t *testing.T) {
	want := strings.Fields(strings.ReplaceAll(contract+added, " ", "|"))
	slices.Sort(want)
	var got []string
	dash := func(s string) string {
		if s == "" {
			return "-"
		}
		return s
	}
	for _, i := range reason.All() {
		got = append(got, strings.Join([]string{string(i.Code), strconv.Itoa(i.Status), dash(i.Error), dash(string(i.ShownAs)), string(i.Retry)}, "|"))
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("catalogue and contract differ (-contract +catalogue):\n%s", diff)
	}
}

func TestSortedAndUnique(t *testing.T) {
	all := reason.All()
	for i := 1; i < len(all); i++ {
		if all[i-1].Code >= all[i].Code {
			t.Errorf("%q stands before %q", all[i-1].Code, all[i].Code)
		}
	}
	for _, i := range all {
		if !kebab.MatchString(string(i.Code)) {
			t.Errorf("%q is not in kebab case", i.Code)
		}
	}
}

func TestAllIsACopy(t *testing.T) {
	reason.All()[0].Title = "changed"
	if reason.All()[0].Title == "changed" {
		t.Error("a caller of All can change the catalogue")
	}
}

func TestStatusAndError(t *testing.T) {
	for _, i := range reason.All() {
		switch i.Status {
		case 400, 401, 403, 429, 503:
		default:
			t.Errorf("%s: status %d", i.Code, i.Status)
		}
		if i.Error != "" && registered[i.Error] != i.Status {
			t.Errorf("%s: error %q belongs to status %d, not %d", i.Code, i.Error, registered[i.Error], i.Status)
		}
		if i.Retry.Info().Retry != i.Retry {
			t.Errorf("%s: unknown retry %q", i.Code, i.Retry)
		}
	}
}

// A masked reason that differs from the shown one in anything that is sent
// gives away which cause it was.
func TestMaskedLooksLikeShown(t *testing.T) {
	masked := 0
	for _, i := range reason.All() {
		if i.ShownAs == "" {
			if i.Code.Shown() != i {
				t.Errorf("%s is not masked and shown as %s", i.Code, i.Code.Shown().Code)
			}
			continue
		}
		masked++
		shown, ok := reason.Lookup(i.ShownAs)
		if !ok {
			t.Errorf("%s is shown as %q, which does not exist", i.Code, i.ShownAs)
			continue
		}
		if shown.ShownAs != "" {
			t.Errorf("%s is shown as %s, which is masked itself", i.Code, shown.Code)
		}
		if got := i.Code.Shown(); got != shown {
			t.Errorf("%s: Shown answers %s", i.Code, got.Code)
		}
		if reason.ShownOnly(i.Code) {
			t.Errorf("%s is shown only and masked", i.Code)
		}
		type sent struct {
			Status        int
			Error, Detail string
			Retry         reason.Retry
		}
		if diff := cmp.Diff(sent{shown.Status, shown.Error, shown.Detail, shown.Retry}, sent{i.Status, i.Error, i.Detail, i.Retry}); diff != "" {
			t.Errorf("%s and %s differ:\n%s", i.Code, shown.Code, diff)
		}
		if i.Title == shown.Title {
			t.Errorf("%s and %s have the same title: the operator learns nothing", i.Code, shown.Code)
		}
	}
	if masked == 0 {
		t.Error("nothing is masked")
	}
}

func TestShownOnly(t *testing.T) {
	want := []reason.Code{
		reason.AccessDenied, reason.APIKeyInvalid, reason.ClientInvalid,
		reason.CredentialsInvalid, reason.GrantInvalid, reason.TokenInvalid,
	}
	var got []reason.Code
	for _, i := range reason.All() {
		if reason.ShownOnly(i.Code) {
			got = append(got, i.Code)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if reason.ShownOnly("no-such-code") {
		t.Error("an unknown code is shown only")
	}
}

func TestUnknownCodeRefuses(t *testing.T) {
	for _, code := range []reason.Code{"", "no-such-code", "TOKEN-EXPIRED"} {
		if _, ok := reason.Lookup(code); ok {
			t.Errorf("Lookup(%q) finds something", code)
		}
		for _, i := range []reason.Info{code.Info(), code.Shown()} {
			if i.Code != reason.CheckFailed || i.Status != 503 {
				t.Errorf("%q is %s with status %d", code, i.Code, i.Status)
			}
		}
	}
}

func TestRetries(t *testing.T) {
	want := []reason.Retry{"refresh", "reauthenticate", "repeat", "fix-request", "wait", "request-access", "step-up", "later"}
	var got []reason.Retry
	for _, r := range reason.Retries() {
		got = append(got, r.Retry)
		if r.Title == "" || r.Explain == "" {
			t.Errorf("%s is not explained", r.Retry)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := reason.Retry("nonsense").Info().Retry; got != reason.RetryFixRequest {
		t.Errorf("an unknown retry is %q: a client would repeat", got)
	}
}

// Each constant has an entry, each entry a constant, and the constant is the
// code in camel case, so that one can be guessed from the other.
func TestConstants(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "code.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	constants := map[reason.Code]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if typ, ok := spec.Type.(*ast.Ident); !ok || typ.Name != "Code" {
			t.Errorf("%s has not the type Code", spec.Names[0].Name)
			return true
		}
		value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		if other := constants[reason.Code(value)]; other != "" {
			t.Errorf("%s and %s are the same code", other, spec.Names[0].Name)
		}
		constants[reason.Code(value)] = spec.Names[0].Name
		return true
	})
	acronyms := map[string]string{"api": "API", "csrf": "CSRF", "dpop": "DPoP", "uri": "URI"}
	for code, name := range constants {
		if _, ok := reason.Lookup(code); !ok {
			t.Errorf("constant %s has no entry", name)
		}
		want := ""
		for word := range strings.SplitSeq(string(code), "-") {
			if a, ok := acronyms[word]; ok {
				want += a
			} else {
				want += strings.ToUpper(word[:1]) + word[1:]
			}
		}
		if name != want {
			t.Errorf("constant of %q is %s, want %s", code, name, want)
		}
	}
	for _, i := range reason.All() {
		if constants[i.Code] == "" {
			t.Errorf("entry %q has no constant", i.Code)
		}
	}
}
