package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gate401/gate401/internal/explain"
	"github.com/gate401/gate401/token"
)

// verifyFlags say what a token must be.
type verifyFlags struct {
	jwks, issuer            string
	audience, algs          []string
	leeway                  duration
	signatureOnly, insecure bool
	asJSON                  bool
}

func (a *app) tokenVerify() *cobra.Command {
	f := verifyFlags{leeway: duration(token.DefaultLeeway)}
	cmd := &cobra.Command{
		Use:   "verify --jwks FILE|URL TOKEN|-",
		Short: "Verify a token against a key set",
		Long: "Verifies the signature and, unless --signature-only is given, type, times, issuer and audience. " +
			"Without --issuer or --audience that part is not checked, and the report says so. " +
			"Without --jwks the keys of the issuer are discovered.\n\n" +
			"The exit status is 0 if the token is good, 1 if it is refused, and 3 if the keys could not be had.",
		Example: `gate401 token verify --jwks keys.json --audience orders - < token.txt
gate401 token verify --issuer https://idp.example.com -`,
		Args: wants(1, 1, "the token"),
		RunE: func(cmd *cobra.Command, args []string) error {
			f.leeway = max(f.leeway, 0)
			return a.verify(cmd.Context(), f, args[0])
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.jwks, "jwks", "", "the keys: a `FILE|URL` with a JWK Set (RFC 7517)")
	fl.StringArrayVar(&f.algs, "alg", nil, "the `ALGORITHMS` that are accepted, with commas between (default all asymmetric ones)")
	fl.StringVar(&f.issuer, "issuer", "", "the exact iss that the token must have: `URL`")
	fl.StringArrayVar(&f.audience, "audience", nil, "whom the token must be for: `NAME`; of several one is enough")
	fl.Var(&f.leeway, "leeway", "how far clocks may disagree, at most 5m")
	fl.BoolVar(&f.signatureOnly, "signature-only", false, "verify the signature of any JWS and nothing else")
	fl.BoolVar(&f.insecure, "dangerously-allow-http", false, "fetch keys over plain http from other machines")
	fl.BoolVar(&f.asJSON, "json", false, "print JSON")
	_ = cmd.MarkFlagFilename("jwks", "json")
	return cmd
}

// verification is the outcome as JSON.
type verification struct {
	Valid     bool              `json:"valid"`
	Cause     *explain.Cause    `json:"cause"`
	Claims    json.RawMessage   `json:"claims,omitempty"`
	Payload   string            `json:"payload,omitempty"` // of a JWS that is no JSON
	Unchecked []string          `json:"unchecked"`         // what was not asked for
	Findings  []explain.Finding `json:"findings"`
}

func (a *app) verify(ctx context.Context, f verifyFlags, arg string) error {
	algs, err := algorithms(f.algs)
	if err != nil {
		return err
	}
	keys, done, err := f.keys(ctx)
	if err != nil {
		return err
	}
	defer done()
	verifier, err := f.verifier(a, keys, algs)
	if err != nil {
		return usagef("", "%w", err)
	}
	text, err := a.readToken(arg)
	if err != nil {
		return err
	}
	out := verification{Unchecked: f.unchecked(), Findings: []explain.Finding{}}
	var payload string
	if f.signatureOnly {
		var raw []byte
		raw, err = token.VerifySignature(ctx, text, keys, algs)
		payload = string(raw)
	} else {
		var claims *token.Claims
		if claims, err = verifier.Verify(ctx, text); err == nil {
			payload = claims.Payload()
		}
	}
	no, isRefusal := refused(err)
	switch {
	case isRefusal:
		out.Cause = explain.Refusal(no)
		out.Findings = explain.Token(text, a.Now(), false).Findings
	case err != nil:
		return fail(ExitUntested, err, "nobody can say whether the token is good: the keys could not be had")
	default:
		out.Valid = true
		if json.Valid([]byte(payload)) {
			out.Claims = json.RawMessage(payload)
		} else {
			out.Payload = payload
		}
	}
	if f.asJSON {
		return verdict(out.Valid, a.json(out))
	}
	a.printVerification(out, text)
	return verdict(out.Valid, nil)
}

func (a *app) printVerification(out verification, text string) {
	if !out.Valid {
		a.print(a.style.Red("refused") + ": " + out.Cause.Text(a.style))
		return
	}
	fact := "good"
	if len(out.Unchecked) > 0 {
		fact += ", but not checked: " + strings.Join(out.Unchecked, ", ")
	}
	a.say("%s", fact)
	r := explain.Token(text, a.Now(), false)
	r.Verified = true
	if out.Claims == nil {
		a.print(explain.Visible(out.Payload) + "\n")
		return
	}
	a.print(r.Text(a.style))
}

// unchecked names what nobody asked to check.
func (f verifyFlags) unchecked() []string {
	out := []string{}
	switch {
	case f.signatureOnly:
		return []string{"issuer", "audience", "type", "times"}
	case f.issuer == "":
		out = append(out, "issuer")
	}
	if len(f.audience) == 0 {
		out = append(out, "audience")
	}
	return out
}

func (f verifyFlags) verifier(a *app, keys token.KeySource, algs []string) (*token.Verifier, error) {
	leeway := time.Duration(f.leeway)
	if leeway == 0 {
		leeway = -1
	}
	return token.New(token.Profile{
		Keys: keys, Issuer: f.issuer, DangerouslyAnyIssuer: f.issuer == "",
		Audience: f.audience, DangerouslyAnyAudience: len(f.audience) == 0,
		Algorithms: algs, Leeway: leeway, Now: a.Now,
	})
}

// keys opens the key set. One that cannot be had, as a file or from a server,
// leaves the question open.
func (f verifyFlags) keys(ctx context.Context) (token.KeySource, func(), error) {
	done := func() {}
	switch {
	case strings.HasPrefix(f.jwks, "https://"), strings.HasPrefix(f.jwks, "http://"), f.jwks == "" && f.issuer != "":
		remote := &token.RemoteKeys{URL: f.jwks, DangerouslyAllowHTTP: f.insecure}
		if f.jwks == "" {
			remote.Issuer = f.issuer
		}
		if err := remote.Refresh(ctx); err != nil {
			return nil, done, errors.Join(fail(ExitUntested, err, "nobody can say whether the token is good"), remote.Close())
		}
		return remote, func() { _ = remote.Close() }, nil
	case f.jwks == "":
		return nil, done, usagef("--jwks keys.json, --jwks https://..., or --issuer to discover them: the address of the gate for a token of its own", "token verify: whose keys?")
	}
	data, err := os.ReadFile(f.jwks)
	if err != nil {
		hints := hintsFor(err)
		if errors.Is(err, fs.ErrNotExist) {
			hints = []string{"check the path"}
		}
		return nil, done, fail(ExitUntested, fmt.Errorf("--jwks: %w", err), hints...)
	}
	set, err := token.ParseLocalKeySet(data)
	if err != nil {
		return nil, done, fail(ExitUntested, err, f.jwks+" should hold a JWK Set, {\"keys\":[...]}, or one JWK")
	}
	if set.Len() == 0 {
		return nil, done, fail(ExitUntested, errors.New(f.jwks+" has no usable key"), set.Skipped()...)
	}
	return set, done, nil
}
