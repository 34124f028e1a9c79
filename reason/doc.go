// Package reason is the catalogue of reasons for which a request is refused,
// as data.
package reason
