package cli

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gate401/gate401/internal/config"
	"github.com/gate401/gate401/internal/explain"
	"github.com/gate401/gate401/internal/issuer"
	"github.com/gate401/gate401/store"
	"github.com/gate401/gate401/token"
)

func (a *app) token() *cobra.Command {
	return a.group("token", "Decode, verify, issue, trace and revoke tokens",
		"Access tokens that are JSON Web Tokens (RFC 7519), and the logins that they stem from. Everything happens on this machine; no token is sent anywhere.",
		a.tokenDecode(), a.tokenVerify(), a.tokenIssue(), a.tokenList(), a.tokenRevoke(),
		a.trace("ID|TOKEN", "Tell the life of a token and its login",
			"ID may be that of an access token (jti), of a login, a session or an API key, or the token itself, of which only the identifier is used.", "gate401 token trace AB5DLQ3YPXKX6GJ2UVQ5OZ7K3E\npbpaste | gate401 token trace -", "", (*records).loginNames))
}

// readToken takes the token from the argument, or from standard input for "-".
// A scheme in front of it, as copied from a header, is left out.
func (a *app) readToken(arg string) (string, error) {
	text := arg
	if arg == "-" {
		if isTerminal(a.In) {
			a.say("paste the token; Ctrl-D ends it")
		}
		data, err := io.ReadAll(io.LimitReader(a.In, maxInput))
		if err != nil {
			return "", fail(ExitUntested, err)
		}
		text = string(data)
	} else {
		a.exposed()
	}
	text = strings.TrimSpace(text)
	if g := explain.Guess(text); g.Kind == explain.KindAuthorization && len(g.Values) == 1 {
		text = g.Values[0]
	}
	if len(text) > 7 && strings.EqualFold(text[:7], "bearer ") {
		text = strings.TrimSpace(text[7:])
	}
	if text == "" {
		return "", usagef("", "the token is empty")
	}
	return text, nil
}

func (a *app) tokenDecode() *cobra.Command {
	var asJSON, open bool
	cmd := &cobra.Command{
		Use:   "decode TOKEN|-",
		Short: "Take a token apart, without verifying it",
		Long: "Shows header, payload and times of a token, and what is wrong with its shape. The signature is not verified. " +
			"The exit status is 1 if it cannot be read, and 0 also if it expired.",
		Example: "pbpaste | gate401 token decode -",
		Args:    wants(1, 1, "the token"),
		RunE: func(_ *cobra.Command, args []string) error {
			text, err := a.readToken(args[0])
			if err != nil {
				return err
			}
			r := explain.Token(text, a.Now(), open)
			readable := r.Readable()
			if asJSON {
				return verdict(readable, a.json(r))
			}
			a.print(r.Text(a.style))
			return verdict(readable, nil)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().BoolVar(&open, "show-secrets", false, "print the signature too")
	return cmd
}

func (a *app) tokenIssue() *cobra.Command {
	var w where
	var subject, authTime string
	var audience, groups, group []string
	var allowed scopes
	ttl := duration(token.DefaultTTL)
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "issue --sub NAME",
		Short: "Issue a token, signed by the store's own key",
		Long: "Issues an access token (RFC 9068) that the method bearer accepts where it is for the gate's own tokens. " +
			"The token alone goes to standard output.",
		Example: `gate401 token issue --sub alice --aud orders --scope "orders:read orders:write" --ttl 5m
curl -H "Authorization: Bearer $(gate401 token issue --sub alice)" http://127.0.0.1:8401/orders`,
		Args: wants(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			switch {
			case subject == "":
				return usagef("--sub alice", "token issue: --sub is missing: who the token speaks for")
			case time.Duration(ttl) <= 0 || time.Duration(ttl) > token.MaxTTL:
				return usagef("an access token that is stolen works until it expires", "--ttl: between 1s and %s", token.MaxTTL)
			}
			began := a.Now()
			proved, err := proofTime(authTime, began)
			if err != nil {
				return err
			}
			r, err := a.open(ctx, w)
			if err != nil {
				return err
			}
			defer func() { _ = r.Close() }()
			iss, err := r.Issuer(ctx, r.cfg)
			if err != nil {
				return storeError(err)
			}
			if len(audience) == 0 {
				audience = ownAudience(r.cfg)
			}
			// The subject is the client_id too.
			now, err := issuer.Settled(ctx, r.Set.Tokens, store.AccessToken{Client: subject, Subject: subject}, began)
			if err != nil {
				return storeError(err)
			}
			issued, err := r.Keyring.Issue(ctx, token.Grant{
				Issuer: iss, Subject: subject, Audience: audience, Scopes: allowed, Groups: slices.Concat(split(groups), group),
				TTL: time.Duration(ttl), At: now, AuthTime: proved,
			})
			if err != nil {
				return err
			}
			detail := map[string]any{"subject": subject, "audience": audience, "scope": allowed.String(), "expires": issued.Expires.UTC()}
			if err := r.audit(ctx, "token.issue", issued.ID, detail); err != nil {
				return err
			}
			r.tell(ctx, store.Event{Time: issued.IssuedAt, Kind: store.EventIssued, Method: "bearer", Object: issued.ID, Subject: subject, Detail: "by " + r.actor})
			r.doubt(ctx, subject, audience)
			if len(groups)+len(group) == 0 {
				r.doubtGroups(ctx, subject)
			}
			r.doubtIssuer(ctx, iss)
			if asJSON {
				return a.json(map[string]any{
					"token": issued.Token, "id": issued.ID, "issuer": iss, "subject": subject, "audience": audience,
					"issued_at": issued.IssuedAt.UTC(), "expires": issued.Expires.UTC(),
				})
			}
			a.print(issued.Token + "\n")
			a.say("for %s at %s, by %s, until %s", explain.Visible(subject), explain.Visible(strings.Join(audience, ", ")), explain.Visible(iss), explain.Moment(issued.Expires))
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&subject, "sub", "", "who the token speaks for: `NAME`")
	f.StringArrayVar(&audience, "aud", nil, "whom the token is for: `AUDIENCE`; may be repeated (default: what the gate's own method expects)")
	f.Var(&allowed, "scope", "what it may be used for: `SCOPES`, with spaces between; may be repeated")
	f.StringArrayVar(&group, "group", nil, "a group of the subject: `G`; may be repeated")
	f.StringArrayVar(&groups, "groups", nil, "the groups of the subject: `GROUPS`, with commas between; may be repeated")
	f.Var(&ttl, "ttl", "how long it is good, at most 1h")
	f.StringVar(&authTime, "auth-time", "", "when the subject proved who they are, for rules with max_age: now, or a `TIME` such as 2026-01-02T15:04:05Z (default: not said)")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	w.flags(cmd)
	return cmd
}

// doubt says why a gate with this configuration would refuse a token of its own.
// It may be meant for a test, or for another gate with the same key.
func (r *records) doubt(ctx context.Context, subject string, audience []string) {
	switch suspended, removed, err := r.Ended(ctx, subject); {
	case err != nil:
	case removed:
		r.app.say("note: the account %s was removed, so a gate refuses this token", explain.Visible(subject))
	case suspended:
		r.app.say("note: the account %s is suspended, so a gate refuses this token until it is resumed", explain.Visible(subject))
	}
	var own bool
	var known []string
	for _, m := range r.cfg.Methods {
		if m.Bearer == nil || !m.Bearer.Own() {
			continue
		}
		own, known = true, append(known, m.Bearer.Audience...)
	}
	switch {
	case !own:
		r.app.say("note: no method of the configuration accepts the gate's own tokens")
	case len(known) == 0 || slices.ContainsFunc(audience, func(aud string) bool { return slices.Contains(known, aud) }):
	default:
		r.app.say("note: the configuration accepts tokens for %s alone, so a gate refuses this one; --aud %s",
			explain.Visible(strings.Join(known, ", ")), explain.Visible(known[0]))
	}
}

// doubtGroups says what somebody may not have meant: a token is in the groups that
// the command names, and in none of the account's by itself.
func (r *records) doubtGroups(ctx context.Context, subject string) {
	account, err := r.Set.Accounts.Account(ctx, subject)
	if err != nil || len(account.Groups) == 0 {
		return
	}
	r.app.say("note: the token is in no group, although %s is in %s: a rule that asks for a group refuses it; --group %s",
		explain.Visible(subject), explain.Visible(strings.Join(account.Groups, ", ")), explain.Visible(account.Groups[0]))
}

// doubtIssuer says that the gate that started last is reached at another address than
// the file says. It may have been another one, started once.
func (r *records) doubtIssuer(ctx context.Context, issuer string) {
	last, err := r.LastIssuer(ctx)
	if err != nil || last == "" || last == issuer {
		return
	}
	settled := "; gate.public_url settles it"
	if r.cfg.Gate.PublicURL != "" {
		settled = ""
	}
	r.app.say("note: the issuer is %s, by the configuration; the gate that started last on these records was %s, and refuses this token if it runs still%s",
		explain.Visible(issuer), explain.Visible(last), settled)
}

// ownAudience is what the method for the gate's own tokens expects.
func ownAudience(cfg *config.File) []string {
	for _, m := range cfg.Methods {
		if m.Bearer != nil && m.Bearer.Own() && len(m.Bearer.Audience) > 0 {
			return m.Bearer.Audience[:1]
		}
	}
	return []string{cfg.Gate.Realm}
}

// proofTime reads --auth-time; empty is the zero time.
func proofTime(text string, now time.Time) (time.Time, error) {
	switch text {
	case "":
		return time.Time{}, nil
	case "now":
		return now, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, usagef("--auth-time now, or --auth-time 2026-01-02T15:04:05Z", "--auth-time: %q is no time", explain.Visible(text))
	}
	return t, nil
}

// split takes lists with commas apart.
func split(lists []string) []string {
	var out []string
	for _, list := range lists {
		for word := range strings.SplitSeq(list, ",") {
			if word = strings.TrimSpace(word); word != "" {
				out = append(out, word)
			}
		}
	}
	return out
}

// refused is the *token.Error in err, if it is a refusal.
func refused(err error) (*token.Error, bool) {
	var r *token.Error
	ok := errors.As(err, &r)
	return r, ok
}

// algorithms reads a list with commas.
func algorithms(list []string) ([]string, error) {
	known := []string{
		token.RS256, token.RS384, token.RS512, token.PS256, token.PS384, token.PS512,
		token.ES256, token.ES384, token.ES512, token.EdDSA, token.HS256,
	}
	out := split(list)
	for _, alg := range out {
		if slices.Contains(known, alg) {
			continue
		}
		hint := "known: " + strings.Join(known, ", ")
		if i := slices.IndexFunc(known, func(k string) bool { return strings.EqualFold(k, alg) }); i >= 0 {
			hint = "names count case by case: " + known[i]
		}
		return nil, usagef(hint, "--alg: there is no algorithm %q", alg)
	}
	return out, nil
}
