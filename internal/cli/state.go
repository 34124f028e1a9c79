package cli

// active is the state of what is good: an account, a client, a key, a session, a
// login.
const active = "active"

// rotated is the state of an API key that is good and has a successor.
const rotated = "rotated"
