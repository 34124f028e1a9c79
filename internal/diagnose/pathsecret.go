package diagnose

import (
	"net/url"
	"strings"
)

// pathSecret finds a credential in the path of a URL, as bots of Telegram, the
// webhooks of Slack and Discord, and links in mails have it: what it is, where it
// begins and where it ends.
func pathSecret(u *url.URL) (name string, from, to int) {
	host, at := strings.ToLower(u.Hostname()), 0
	segments := strings.Split(u.Path, "/")
	for i, segment := range segments {
		end := at + len(segment)
		before := func(n int) string { return segments[max(i-n, 0)] }
		id, key, bot := strings.Cut(segment, ":")
		switch {
		case bot && strings.HasPrefix(id, "bot") && strings.Trim(id[3:], "0123456789") == "" && len(key) >= 20:
			return "BOT_TOKEN", at + len(id) + 1, end
		case i >= 4 && host == "hooks.slack.com" && len(segment) >= 16,
			i >= 3 && before(2) == "webhooks" && strings.Trim(before(1), "0123456789") == "" && len(segment) >= 40:
			return "WEBHOOK_SECRET", at, end
		case looksLikeJWT(segment) && strings.Count(segment, ".") == 2:
			return "TOKEN", at, end
		case len(segment) >= 20 && keyEnvironment(segment) != "" && strings.ContainsAny(segment, "0123456789") && strings.Contains(segment, "_"):
			return "API_KEY", at, end
		}
		at = end + 1
	}
	return "", 0, 0
}

// withoutPathSecret puts something else in place of a credential in the path.
func withoutPathSecret(u *url.URL, instead func(name, value string) string) {
	name, from, to := pathSecret(u)
	if name == "" {
		return
	}
	secret := u.Path[from:to]
	u.Path = u.Path[:from] + instead(name, secret) + u.Path[to:]
	u.RawPath = "" // it may spell the secret otherwise
}
