package judge

import "net/http"

// tokens looks at Bearer tokens and keys: what was refused is not sent again, and
// a new token replaces the old one.
func (c *court) tokens() {
	refused := map[[32]byte]*step{}
	c.each(resource, func(_ int, s *step) {
		token := s.bearer()
		if token == "" {
			token = s.Header.Get("X-Api-Key")
		}
		if token == "" {
			return
		}
		key := fingerprint(token + "\x00" + s.Host)
		if before := refused[key]; before != nil && s.after(before) {
			c.fault(TokenRepeated, []*step{before, s}, "%s was sent with the token that %s had got a 401 for", s.what(), before.what())
		}
		if s.refused() && refused[key] == nil {
			refused[key] = s
		}
	})
	for i := range c.steps {
		renewed := &c.steps[i]
		if renewed.kind != refresh || renewed.access == "" {
			continue
		}
		old := c.tokenBefore(i)
		if old == "" || old == renewed.access {
			continue
		}
		c.each(resource, func(_ int, s *step) {
			if s.bearer() == old && s.after(renewed) && refused[fingerprint(old+"\x00"+s.Host)] == nil {
				c.fault(OldTokenUsed, []*step{renewed, s}, "%s was sent with the token that was replaced before", s.what())
			}
		})
	}
}

// tokenBefore is the access token that the refresh at i replaced: the one that
// came with the refresh token that it redeems, or else the last one sent.
func (c *court) tokenBefore(i int) string {
	r := &c.steps[i]
	for j := i - 1; j >= 0; j-- {
		if s := &c.steps[j]; s.access != "" && s.renewal == r.redeems {
			return s.access
		}
	}
	for j := i - 1; j >= 0; j-- {
		if s := &c.steps[j]; s.kind == resource && s.bearer() != "" {
			return s.bearer()
		}
	}
	return ""
}

// refreshes looks at how tokens were renewed.
func (c *court) refreshes() {
	redeemed := map[string][]*step{}
	c.each(refresh, func(_ int, s *step) {
		if s.redeems != "" {
			redeemed[s.redeems] = append(redeemed[s.redeems], s)
		}
	})
	c.each(refresh, func(i int, s *step) {
		for _, before := range redeemed[s.redeems] {
			if before == s || before.Time.After(s.Time) || before.Time.Equal(s.Time) && before.ID >= s.ID {
				continue
			}
			switch {
			case overlaps(before, s):
				c.fault(RefreshStampede, []*step{before, s}, "two requests redeemed one refresh token at the same time")
			case before.renewal != "" && before.renewal != s.redeems:
				c.fault(RefreshTokenReused, []*step{before, s}, "a refresh token was redeemed again after its answer brought a new one")
			case before.Status == http.StatusBadRequest:
				c.fault(RefreshTokenReused, []*step{before, s}, "a refresh token that was refused was redeemed again")
			default:
				continue
			}
			break
		}
		c.cause(i, s)
	})
	c.unrefreshed()
	c.thrownAway()
}

// cause looks at what came before a refresh, and at what became of its token.
func (c *court) cause(i int, s *step) {
	for j := i - 1; j >= 0; j-- {
		before := &c.steps[j]
		if before.kind == refresh || before.kind == login {
			break
		}
		if before.kind != resource || !s.after(before) || before.bearer() == "" {
			continue
		}
		if before.Status == http.StatusForbidden {
			c.fault(RefreshForForbidden, []*step{before, s}, "%s was answered with 403, and the token was refreshed", before.what())
		}
		break
	}
	if s.access == "" {
		return
	}
	// The new token: refused, and then refreshed once more for the same request.
	for j := i + 1; j < len(c.steps); j++ {
		used := &c.steps[j]
		if used.kind != resource || used.bearer() != s.access {
			continue
		}
		if !used.refused() {
			return // it was good for something
		}
		for k := j + 1; k < len(c.steps); k++ {
			again := &c.steps[k]
			if again.kind == refresh && again.after(used) && (again.redeems == s.renewal || again.redeems == s.redeems) {
				c.fault(RefreshLoop, []*step{s, used, again}, "%s was refused with a token that had just come, and the client refreshed again", used.what())
				return
			}
		}
		return
	}
}

// unrefreshed finds expired tokens that stayed expired although the client had a
// refresh token, and refreshes that nobody used.
func (c *court) unrefreshed() {
	has, fresh := false, map[string]bool{}
	for i := range c.steps {
		s := &c.steps[i]
		has = has || s.renewal != "" || s.kind == refresh
		if s.kind == refresh {
			fresh[s.access] = true
		}
		// A token that was just refreshed and is refused is not to be refreshed.
		if fresh[s.bearer()] || s.kind != resource || !s.refused() || s.Reason != "token-expired" || s.bearer() == "" || !has {
			continue
		}
		var tried, renewed *step
		repeated := false
		for j := range c.steps {
			later := &c.steps[j]
			switch {
			case later.kind == refresh && (later.since(s) || overlaps(later, s)):
				tried = later
				if later.access != "" && later.access != s.bearer() {
					renewed = later
				}
			case later.kind == login && later.since(s) && later.access != "":
				tried = later // another way, judged elsewhere
			case later.kind == resource && j != i && later.since(s) && later.same(s) && later.bearer() != s.bearer() && later.bearer() != "":
				repeated = true
				if !sameBody(later, s) {
					c.fault(BodyLost, []*step{s, later}, "%s was repeated with a body of %d octets instead of %d", s.what(), len(later.Body), len(s.Body))
				}
			}
		}
		switch {
		case repeated:
		case tried == nil:
			c.fault(NotRefreshed, []*step{s}, "%s was refused because the token had expired, and the refresh token was not redeemed", s.what())
		case renewed != nil:
			c.fault(NotRepeated, []*step{s, renewed}, "the token was refreshed, and %s was not sent again", s.what())
		}
	}
}

func overlaps(a, b *step) bool { return a.Time.Before(b.ends) && b.Time.Before(a.ends) }

// thrownAway finds logins right after a server could not answer.
func (c *court) thrownAway() {
	c.each(login, func(i int, s *step) {
		for j := i - 1; j >= 0; j-- {
			before := &c.steps[j]
			if !s.after(before) {
				continue
			}
			if (before.kind == refresh || before.kind == resource && before.bearer() != "") && before.failed() {
				c.fault(TokenThrownAway, []*step{before, s}, "%s got no answer that says anything about the token, and the client logged in anew", before.what())
			}
			return
		}
	})
}
