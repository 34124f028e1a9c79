package cli

import "regexp"

// A kid is a thumbprint (RFC 7638): one in 64 begins with a dash.
var dashedKid = regexp.MustCompile(`^-[A-Za-z0-9_-]{42}$`)

// dashed puts a kid that begins with a dash where it is not taken for flags: at
// the end, behind "--". No flag of these commands is as long.
func dashed(args []string) []string {
	if len(args) == 0 || args[0] != "signing-key" {
		return args
	}
	var kids, rest []string
	for i, arg := range args {
		if arg == "--" {
			rest = append(rest, args[i:]...)
			break
		}
		if dashedKid.MatchString(arg) {
			kids = append(kids, arg)
		} else {
			rest = append(rest, arg)
		}
	}
	if len(kids) == 0 {
		return args
	}
	return append(append(rest, "--"), kids...)
}
