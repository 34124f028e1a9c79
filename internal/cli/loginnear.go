package cli

import (
	"net/url"
	"slices"
	"strings"

	"github.com/gate401/gate401/client/storage"
)

// nearness tells how well a login fits a request: best the one that was asked for
// the longest URL that leads there (RFC 8707 section 2), then one that was asked for
// nothing at that address, and last what is for another part of it, which an API
// that looks at the audience refuses.
func nearness(e storage.Entry, target *url.URL) int {
	const elsewhere, anywhere = 0, 1
	best := anywhere
	for _, resource := range strings.Fields(e.Audience) {
		u, err := url.Parse(resource)
		if err != nil || !isAtOrigin(u, target.Scheme+"://"+target.Host) {
			continue
		}
		path := strings.TrimSuffix(u.Path, "/")
		if target.Path == path || strings.HasPrefix(target.Path, path+"/") {
			best = max(best, anywhere+1+len(path))
		} else if best == anywhere {
			best = elsewhere
		}
	}
	return best
}

// goodAt is where a stored login is good, as far as it was asked for less than its
// addresses.
func goodAt(l storedLogin) []string {
	if bounds := l.bounds(); len(bounds) > 0 {
		return bounds
	}
	return l.Origins
}

// bounds are the URLs at the addresses of a login to which its tokens are bound;
// empty where one is a whole address, or something that is no URL there.
func (l storedLogin) bounds() []string {
	all := strings.Fields(l.Audience)
	for _, resource := range all {
		u, err := url.Parse(resource)
		if err != nil || strings.Trim(u.Path, "/") == "" || !slices.ContainsFunc(l.Origins, func(o string) bool { return isAtOrigin(u, o) }) {
			return nil
		}
	}
	return all
}
