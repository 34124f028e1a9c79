package build

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/access"
	"github.com/gate401/gate401/authn"
	"github.com/gate401/gate401/internal/config"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/token"
)

// Check finds what the file alone does not tell, as config.Faults: rules that
// contradict themselves or one another, and files of methods that a start would
// refuse. Rules that are allowed and seldom meant are warnings. It reads those
// files, and opens and makes no records.
func Check(cfg *config.File) ([]access.Warning, error) {
	faults := files(cfg)
	policy, err := Policy(cfg)
	var rules config.Faults
	switch {
	case errors.As(err, &rules):
		faults = append(faults, rules...)
	case err != nil:
		return nil, err
	}
	if len(faults) > 0 {
		return nil, faults.Sorted()
	}
	return append(doubts(cfg), policy.Lint()...), nil
}

// Beyond finds what [Check] would, in the sound parts of a file that has faults
// already, so that whoever mends it sees all at once. It returns both, in their
// order.
func Beyond(cfg *config.File, known config.Faults) config.Faults {
	if cfg == nil {
		return known
	}
	all := slices.Clone(known)
	rest := *cfg
	rest.Rules = slices.Clone(cfg.Rules)
	sound := !slices.ContainsFunc(known, func(f *config.Error) bool { return strings.HasPrefix(f.Path, "methods") })
	for i := range rest.Rules {
		if known.Touch(fmt.Sprintf("rules[%d].path", i)) {
			// One that stands in nobody's way, so that the others keep their numbers.
			rest.Rules[i] = config.Rule{Path: fmt.Sprintf("/.faulty-rule/%d", i)}
		}
	}
	var found config.Faults
	if _, err := Policy(&rest); errors.As(err, &found) {
		for _, f := range found {
			// Whether a method dates its proofs is unknown of a faulty one.
			if !known.Touch(f.Path) && (sound || !strings.HasSuffix(f.Path, ".max_age")) {
				all = append(all, f)
			}
		}
	}
	all = append(all, alone(cfg, known)...)
	for _, f := range files(cfg) {
		if !known.Touch(f.Path) {
			all = append(all, f)
		}
	}
	return all.Sorted()
}

// alone judges what can be told of a rule in which something else is wrong: its
// path, its host and its scopes, each by itself.
func alone(cfg *config.File, known config.Faults) config.Faults {
	var all config.Faults
	for i, r := range cfg.Rules {
		own := fmt.Sprintf("rules[%d]", i)
		whole := slices.ContainsFunc(known, func(f *config.Error) bool { return f.Path == own })
		if whole || !known.Touch(own+".path") {
			continue
		}
		sound := config.Rule{Path: "/"}
		if r.Path != "" && !known.Has(own+".path") {
			sound.Path = r.Path
		}
		if !known.Has(own + ".host") {
			sound.Host = r.Host
		}
		if !known.Has(own + ".scopes") {
			sound.Scopes = r.Scopes
		}
		var found config.Faults
		if _, err := Policy(&config.File{Rules: []config.Rule{sound}}); !errors.As(err, &found) {
			continue
		}
		for _, f := range found {
			if key, ok := strings.CutPrefix(f.Path, "rules[0]."); ok {
				all = append(all, cfg.Fault(own+"."+key, f.Message, f.Hint))
			}
		}
	}
	return all
}

// files tries the files that tls and methods name.
func files(cfg *config.File) config.Faults {
	faults := append(certificates(cfg), authorities(cfg)...)
	for _, m := range cfg.Methods {
		switch {
		case m.Basic != nil && m.Basic.Htpasswd != "":
			if err := (&authn.Htpasswd{Path: m.Basic.Htpasswd}).Load(); err != nil {
				faults = append(faults, unusable(cfg, "methods."+m.Name+".htpasswd", err,
					`each line is "NAME:HASH", as "htpasswd -B" writes it`)...)
			}
		case m.Session != nil && m.Session.Htpasswd != "":
			if err := (&authn.Htpasswd{Path: m.Session.Htpasswd}).Load(); err != nil {
				faults = append(faults, unusable(cfg, "methods."+m.Name+".htpasswd", err,
					`each line is "NAME:HASH", as "htpasswd -B" writes it`)...)
			}
		case m.Bearer != nil && m.Bearer.JWKS != "" && !isRemote(m.Bearer.JWKS):
			if err := (&token.FileKeys{Path: m.Bearer.JWKS}).Refresh(context.Background()); err != nil {
				faults = append(faults, unusable(cfg, "methods."+m.Name+".jwks", err,
					`the file holds a JWK Set, {"keys":[...]} (RFC 7517 section 5)`)...)
			}
		}
	}
	return faults
}

// unusable places an error about a file; of errors that are joined each line is
// a fault of its own.
func unusable(cfg *config.File, path string, err error, shape string) config.Faults {
	hint := shape
	switch {
	case errors.Is(err, fs.ErrNotExist):
		hint = "check the path; a relative one begins in the folder of the file"
	case errors.Is(err, fs.ErrPermission):
		hint = "check who owns the file, and as whom you run gate401"
	}
	var faults config.Faults
	for line := range strings.SplitSeq(err.Error(), "\n") {
		faults = append(faults, cfg.Fault(path, line, hint))
	}
	return faults
}

// isRemote tells whether keys are fetched, as the start decides it.
func isRemote(jwks string) bool {
	return strings.HasPrefix(jwks, "https://") || strings.HasPrefix(jwks, "http://")
}

// Policy compiles the rules of the file alone, to ask which of them decides. No
// method of it believes anything, so it lets nobody in. It opens nothing.
func Policy(cfg *config.File) (*access.Policy, error) {
	one := gate401.NewFunc("any", "Any", "any", func(context.Context, *gate401.Request, string) (*gate401.Identity, error) {
		return nil, errors.New("only for checking rules")
	})
	return compile(cfg, func([]string) ([]gate401.Authenticator, error) { return []gate401.Authenticator{one}, nil })
}

// compile makes the policy of the file's rules; what is wrong with them has its
// place in the file.
func compile(cfg *config.File, methods access.Methods) (*access.Policy, error) {
	var faults config.Faults
	secret := mayBeSecret(cfg)
	rules := make([]access.Rule, len(cfg.Rules))
	for i, r := range cfg.Rules {
		rules[i] = rule(r, secret)
		rules[i].OwnerIssuer = ownerIssuer(cfg, r.Methods)
		if r.MaxAge > 0 && !datable(cfg, r.Methods) {
			faults = append(faults, cfg.Fault(fmt.Sprintf("rules[%d].max_age", i),
				"no method of the rule tells when the person authenticated, so nobody would ever pass", "accept a bearer method"))
		}
	}
	policy, err := access.Compile(rules, asks(cfg.Default, secret), methods)
	if err == nil {
		if len(faults) > 0 {
			return nil, faults
		}
		return policy, nil
	}
	joined, ok := err.(interface{ Unwrap() []error }) // the outermost error joins them
	if !ok {
		return nil, err
	}
	for _, one := range joined.Unwrap() {
		var fault *access.Error
		if !errors.As(one, &fault) {
			return nil, err
		}
		path := fmt.Sprintf("rules[%d].%s", fault.Index, fault.Field)
		if fault.Index < 0 {
			path = "default." + fault.Field
		}
		faults = append(faults, cfg.Fault(path, clash(cfg, fault), remedy(cfg, fault)))
	}
	return nil, faults
}

// remedy says what to write instead, where that is plain; empty elsewhere.
func remedy(cfg *config.File, fault *access.Error) string {
	asks, path := &cfg.Default, ""
	if fault.Index >= 0 {
		asks, path = &cfg.Rules[fault.Index].Asks, cfg.Rules[fault.Index].Path
	}
	switch fault.Field {
	case "scopes":
		for _, s := range asks.Scopes {
			if words := strings.Fields(s); len(words) > 1 {
				return fmt.Sprintf("%d scopes? write [%s]", len(words), strings.Join(words[:min(len(words), 8)], ", "))
			}
		}
	case "path":
		if fault.Other >= 0 {
			return "make one rule of the two, or tell them apart by path, host or verbs"
		}
		if before, _, query := strings.Cut(path, "?"); query {
			return "a rule is for a path, whatever the query: write " + before
		}
	}
	return ""
}

// clash is what is wrong, the other rule called as the file has it.
func clash(cfg *config.File, fault *access.Error) string {
	if fault.Other < 0 {
		return fault.Message
	}
	return strings.Replace(fault.Message, fmt.Sprintf("rule %d", fault.Other), cfg.RuleAt(fault.Other), 1)
}

// accepted are the methods that a rule with these names accepts.
func accepted(cfg *config.File, names []string) []config.Method {
	var out []config.Method
	for _, m := range cfg.Methods {
		if len(names) == 0 || slices.Contains(names, m.Name) {
			out = append(out, m)
		}
	}
	return out
}

// ownerIssuer is whose subjects own the paths of a rule: the one issuer that all
// its methods speak of, or our own accounts where they speak of several.
func ownerIssuer(cfg *config.File, names []string) string {
	issuer, first := "", true
	for _, m := range accepted(cfg, names) {
		own := ""
		if m.Bearer != nil {
			own = m.Bearer.Issuer
		}
		if !first && own != issuer {
			return ""
		}
		issuer, first = own, false
	}
	return issuer
}

// datable tells whether a method of the rule can say when the person
// authenticated: tokens (auth_time) and sessions can, a password that a browser sends by
// itself for hours and a key cannot.
func datable(cfg *config.File, names []string) bool {
	return slices.ContainsFunc(accepted(cfg, names), func(m config.Method) bool { return m.Bearer != nil || m.Session != nil })
}

// Ended tells why a gate refuses its own tokens of a subject, if it does: the
// account is suspended, or was removed. A subject that never had an account is
// neither.
func (s *Stores) Ended(ctx context.Context, subject string) (suspended, removed bool, err error) {
	account, err := people{s.Set}.Account(ctx, subject)
	if errors.Is(err, store.ErrNotFound) {
		return false, true, nil
	}
	return account.Suspended, false, err
}
