package cli

// once prints a secret the only time that it can be seen: alone on standard
// output, for a pipe; what calls it for people.
func (a *app) once(secret, what string) {
	a.print(secret + "\n")
	a.say("this %s is shown once; only its hash is kept", what)
}
