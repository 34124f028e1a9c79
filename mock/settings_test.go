package mock

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gate401/gate401/internal/mock/endpoint"
	"github.com/gate401/gate401/internal/mock/judge"
	"github.com/gate401/gate401/internal/mock/world"
)

// fill gives every field a value that is not its zero.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.String:
		v.SetString("x" + v.Type().Name())
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(time.Second))
	}
}

// unset lists the fields that are still zero.
func unset(v reflect.Value, path string) (out []string) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			out = append(out, unset(v.Field(i), path+"."+v.Type().Field(i).Name)...)
		}
	case reflect.Slice:
		if v.Len() > 0 {
			return unset(v.Index(0), path)
		}
		return []string{path}
	default:
		if v.IsZero() {
			return []string{path}
		}
	}
	return out
}

// Every setting that a world has can be set from outside of the module.
func TestSettingsReachTheWorld(t *testing.T) {
	var s Settings
	fill(reflect.ValueOf(&s).Elem())
	// The scenario is that of the Spec, Answer is for scenarios alone.
	if diff := cmp.Diff([]string{".Answer"}, unset(reflect.ValueOf(s.inside()), "")); diff != "" {
		t.Error(diff)
	}
	if s.empty() {
		t.Error("taken for empty")
	}
	for i := range reflect.TypeFor[Settings]().NumField() {
		var one Settings
		fill(reflect.ValueOf(&one).Elem().Field(i))
		if one.empty() {
			t.Errorf("with %s taken for empty", reflect.TypeFor[Settings]().Field(i).Name)
		}
	}
	if !(Settings{}).empty() {
		t.Error("nothing taken for something")
	}
	if zero := (Settings{}).inside(); !reflect.DeepEqual(zero, world.Settings{}) {
		t.Errorf("%+v", zero)
	}
}

// The constants are all that there are.
func TestConstants(t *testing.T) {
	for name, tt := range map[string]struct{ here, there []string }{
		"access": {[]string{AccessWrongAudience, AccessWrongIssuer, AccessWrongSignature, AccessUnknownKey, AccessNotYetValid, AccessWrongType, AccessMalformed}, world.AccessFaults()},
		"refresh": {[]string{RefreshError, RefreshUnavailable, RefreshRateLimited, RefreshTimeout, RefreshInvalidGrant, RefreshLost, RefreshStillRefused, RefreshSameAccess,
			RefreshSameRefresh, RefreshNoExpires, RefreshExpiresString, RefreshHTML, RefreshHTMLOK, RefreshWrongContentType, RefreshEmpty, RefreshNoAccess, RefreshTokenTypeOther,
			RefreshTokenTypeLower, RefreshUnauthorizedGrant}, world.RefreshFaults()},
		"policy": {[]string{PolicyRotate, PolicyRotateOnly, PolicyKeep}, []string{world.PolicyRotate, world.PolicyRotateOnly, world.PolicyKeep}},
		"jwks":   {[]string{JWKSMissing, JWKSSlow, JWKSEmpty, JWKSRotated, JWKSDuplicate, JWKSHuge, JWKSBroken}, world.JWKSFaults()},
		"fault":  {[]string{FaultClose, FaultReset, FaultTruncate, FaultSlow, FaultGarbage, FaultEarly}, texts(endpoint.Faults())},
		"rules": {[]string{RuleCredentialLeaked, RuleCredentialInClear, RuleTokenInURL, RulePasswordRepeated, RulePasswordUnasked, RuleTokenRepeated, RuleKeptAsking,
			RuleRefreshStampede, RuleRefreshTokenReused, RuleRefreshLoop, RuleRefreshForForbidden, RuleNotRefreshed, RuleNotRepeated, RuleOldTokenUsed, RuleTokenThrownAway,
			RuleLoginLoop, RuleAskedDuringPause, RuleBodyLost, RuleDigestCountRepeated, RuleDigestStaleIgnored, RuleDigestWeaker}, ids(judge.Rules())},
	} {
		slices.Sort(tt.here)
		slices.Sort(tt.there)
		if diff := cmp.Diff(tt.there, tt.here); diff != "" {
			t.Errorf("%s (-there +here):\n%s", name, diff)
		}
	}
}

func texts[T ~string](all []T) []string {
	out := make([]string, len(all))
	for i, one := range all {
		out[i] = string(one)
	}
	return out
}

func ids(rules []judge.Rule) (out []string) {
	for _, r := range rules {
		out = append(out, string(r.ID))
	}
	return out
}

func TestSessionID(t *testing.T) {
	for in, want := range map[string]string{
		"TestX": "TestX-7", "TestX/a case#01": "TestX-a-case-01-7", "": "-7", "TestÄ//--//b--": "Test-b-7", "///": "-7",
		"TestOfAVeryLongNameThatGoesOnAndOnUntilItIsTooLongForAnId": "TestOfAVeryLongNameThatGoesOnAndOnUntilItIsTooLo-7",
	} {
		got := sessionID(in, 7)
		if got != want || !endpoint.IsSession(got) {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestDiff(t *testing.T) {
	for _, tt := range []struct {
		want, got []string
		diff      string
	}{
		{[]string{"a", "b", "c"}, []string{"a", "c", "d"}, "    a\n  - b\n    c\n  + d"},
		{nil, []string{"a"}, "  + a"},
		{[]string{"a"}, nil, "  - a"},
		{[]string{"a", "b"}, []string{"b", "a"}, "  - a\n    b\n  + a"},
		{make([]string, 2000), []string{"a"}, "1 request came, want 2000 requests"},
	} {
		if got := diff(tt.want, tt.got); got != tt.diff {
			t.Errorf("%v %v:\n%s\nwant\n%s", tt.want, tt.got, got, tt.diff)
		}
	}
}
