// Package certificate has the certificates with which the gate speaks https: from
// files that are read again when they change, from an ACME server (RFC 8555), or
// made for this machine and a day.
//
// Start with [Files] or [ACME], call Open, give GetCertificate to a tls.Config,
// and call Run, which keeps them up to date until its context ends. [Throwaway]
// makes one for tests and demonstrations.
//
// It opens no listener, and decides nothing about requests.
package certificate
