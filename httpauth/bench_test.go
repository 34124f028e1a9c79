package httpauth_test

import (
	"strings"
	"testing"

	"github.com/gate401/gate401/httpauth"
)

var benchChallenge = httpauth.Bearer("orders", pairs("error", "invalid_token", "error_description", "The access token expired",
	"resource_metadata", "https://api.example.com/.well-known/oauth-protected-resource")...)

func BenchmarkChallengeString(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_ = benchChallenge.String()
	}
}

func BenchmarkChallengeAppendTo(b *testing.B) {
	b.ReportAllocs()
	buf := make([]byte, 0, 512)
	for b.Loop() {
		buf = benchChallenge.AppendTo(buf[:0])
	}
}

func BenchmarkParseChallenges(b *testing.B) {
	for name, in := range map[string][]string{
		"bearer": {benchChallenge.String()},
		"three":  {`Bearer realm="orders"`, `Digest realm="orders", nonce="7ypf/xlj9XXwfDPEoM4URrv", qop="auth", algorithm=SHA-256`, `Basic realm="orders", charset="UTF-8"`},
		"commas": {strings.Repeat(",", httpauth.MaxFieldSize)},
		"words":  {"X realm=a" + strings.Repeat(" b", httpauth.MaxFieldSize/2-8)},
		"spaced": {"X a=1" + strings.Repeat(" b=1", httpauth.MaxFieldSize/4-8)},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = httpauth.ParseChallenges(in, httpauth.Strict)
			}
		})
	}
}

func BenchmarkParseAuthorization(b *testing.B) {
	for name, in := range map[string]string{
		"bearer": "Bearer " + strings.Repeat("a", 800),
		"digest": `Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", algorithm=SHA-256, nonce="7ypf/xlj9XXwfDPEoM4URrv", nc=00000001, cnonce="f2/wE4q74E6zIJEtWaHKaf5wv", qop=auth, response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1", opaque="FQhe/qaU925kfnzjCev0ciny7QMk"`,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = httpauth.ParseAuthorization(in)
			}
		})
	}
}

func BenchmarkParseBasic(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_, _, _ = httpauth.ParseBasic("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")
	}
}

func BenchmarkAppendDecodeBasic(b *testing.B) {
	b.ReportAllocs()
	buf := make([]byte, 0, 256)
	for b.Loop() {
		_, _, _ = httpauth.AppendDecodeBasic(buf, "QWxhZGRpbjpvcGVuIHNlc2FtZQ==")
	}
}

func BenchmarkBearerToken(b *testing.B) {
	in := "Bearer " + strings.Repeat("a", 800)
	b.ReportAllocs()
	for b.Loop() {
		_, _ = httpauth.BearerToken(in)
	}
}
