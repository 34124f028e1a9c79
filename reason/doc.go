// Package reason is the catalogue of reasons for which a request is refused,
// as data.
//
// Two calls are enough: [Code.Info] answers what the operator may know about a
// reason, [Code.Shown] what the caller may be told. Everything that leaves the
// gate (status, title, problem body, challenge) is made from Shown; logs and
// traces use the code itself.
//
//	code := reason.PasswordWrong
//	code.Info().Title  // "The password is wrong"
//	code.Shown().Title // "The name or the password is not right"
//
// A code whose entry names another in ShownAs is masked: the two agree in
// status, error, retry and detail, so that no part of an answer tells them
// apart. The codes for which [ShownOnly] is true exist only to be shown.
//
// Title and Detail are plain ASCII and may stand in a header field; in the
// other texts, words between backquotes are literal text.
//
// The package decides nothing, writes no response, and imports nothing but the
// standard library. Examples of each reason, as requests and responses, are in
// package cases below.
package reason
