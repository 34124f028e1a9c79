// Package people is what can be done to an account, in one place for the pages
// and for the commands: its password, the link for a forgotten one, its second
// factor, its standing, its API keys, its sessions and the apps that have access;
// and what an administrator does beyond one account: any key, any token.
//
// Start with a [People] on the records; then [People.ChangePassword] is what a
// person does, and [People.MakeLink] with [People.UseLink] what helps one who has
// forgotten.
//
// Every change leaves an audit record. Who may do what is the caller's to judge,
// and so is how often somebody may guess; only what a person does to their own
// things is bounded here, by what the person has.
package people
