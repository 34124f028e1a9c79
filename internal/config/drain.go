package config

import "time"

// Drain says how the gate ends when it is asked to.
type Drain struct {
	// How long requests are still taken after /readyz says no, so that whatever spreads them notices; none if not given.
	Delay time.Duration `yaml:"delay,omitempty"`
	// How long requests and streams under way may take to finish after that; 20s if not given.
	Timeout time.Duration `yaml:"timeout,omitempty"`
}

// Bounds of Drain: whoever waits longer is waiting for a stream that never ends.
const (
	maxDrainDelay   = 10 * time.Minute
	maxDrainTimeout = time.Hour
)

func (c *checker) drain() {
	if d := c.f.Drain.Delay; d > maxDrainDelay {
		c.fault("drain.delay", "", "%s is more than %s", short(d), short(maxDrainDelay))
	}
	if d := c.f.Drain.Timeout; d > maxDrainTimeout {
		c.fault("drain.timeout", "", "%s is more than %s", short(d), short(maxDrainTimeout))
	}
}
