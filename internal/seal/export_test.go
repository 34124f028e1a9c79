package seal

import "io"

// SetRand sets where the nonces of r come from.
func (r *Ring) SetRand(random io.Reader) { r.rand = random }
