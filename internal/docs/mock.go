package main

import (
	"fmt"
	"strings"

	"github.com/gate401/gate401/internal/mock/httpbin"
	"github.com/gate401/gate401/internal/mock/mix"
	"github.com/gate401/gate401/internal/mock/scenario"
	"github.com/gate401/gate401/internal/mock/world"
	"github.com/gate401/gate401/internal/trial"
)

// mocks describes what the mock can do.
func mocks() string {
	var b strings.Builder
	b.WriteString("# The mock\n\n" + generated)
	b.WriteString("`gate401 mock` is a server for whoever writes a client. It starts at once, needs no file, and answers 401 in every right and wrong way. Its page is at `/__mock/`.\n\n" +
		"```sh\ngate401 mock\ncurl -i http://127.0.0.1:8403/status/401\ncurl -i http://127.0.0.1:8403/scenario/token-expired/\ncurl -i -H 'Prefer: reason=token-expired' http://127.0.0.1:8403/anything\n```\n\n" +
		"| path | what |\n|---|---|\n" +
		"| `/s/SESSION/...` | a protected API of one's own with a login, a token endpoint and resources: the real gate with a script |\n" +
		"| `/scenario/NAME/...` | one thing that can happen, by name; `Prefer: scenario=NAME`, `Prefer: reason=CODE` and `Prefer: code=401` do the same on any path; where an OpenAPI document answers, `code=404` and `example=NAME` choose among its own answers |\n" +
		"| `/mix/...` | any answer, made by its URL |\n" +
		"| `/status/401`, `/basic-auth/...`, ... | what people know from httpbin; `--strict` answers as the RFCs want it |\n" +
		"| `/__mock/` | the page: make an endpoint, play scenarios, read the journal |\n" +
		"| `/__mock/token` | the token inspector: one page that makes no request |\n" +
		"| `/__mock/api/` | the admin API: `endpoints`, `sessions`, `openapi`, `scenarios`, `journal`, `journal.har`, `journal/stream`, `verdict` |\n" +
		"| everything else | endpoints that somebody made |\n\n" +
		"The admin API answers programs of the same machine, or who has the token of `--admin-token-file`.\n")

	b.WriteString("\n## Make an endpoint\n\nOn the page, by one request, or in a file for `gate401 mock -f mock.yaml`:\n\n" +
		"```sh\ncurl -X POST 'http://127.0.0.1:8403/__mock/new?path=/orders&answer=401,401,200'\n" +
		"curl -i http://127.0.0.1:8403/orders\n```\n\n" +
		"```yaml\nendpoints:\n  - {path: /orders, method: GET, answer: \"401*2,200\"}\n  - {path: \"/users/{id}\", answer: \"token-expired,200@1s\", then: repeat}\n  - {path: /flaky, answer: \"401,200\", rate: 0.3, seed: 7}\n```\n\n" +
		"`POST /__mock/api/endpoints` takes the same as JSON, one or a list; `GET`, `PUT` and `DELETE /__mock/api/endpoints/ID` do what they say. Counters belong to a session. An endpoint:\n\n" +
		fields("internal/mock/endpoint", "Endpoint") +
		"\nA request that nothing answers gets a 404 that says which endpoints came close and what was missing; `GET /__mock/api/journal?unmatched=1` lists such requests.\n")

	b.WriteString("\n## The file\n\n`gate401 mock -f mock.yaml`. Everything is optional; sessions that are not there are made when they are first used.\n\n" +
		"```yaml\nendpoints:\n  - {path: /orders, answer: \"401,200\"}\nsessions:\n  - {id: checkout, scenario: refresh-rotates}\n" +
		"  - {id: short, settings: {access: {ttl: 5s}, refresh: {fault: lost-answer, times: 1}}}\nopenapi: petstore.yaml\n```\n\n" +
		"`--openapi FILE` does the same as `openapi`: see [OpenAPI](#openapi).\n")

	b.WriteString("\n## OpenAPI\n\nA document (OpenAPI 3.0 and 3.1, Swagger 2.0) becomes an API: its examples are the answers, and its security is enforced by real gates. Name it at the start, import it on the page, or send it:\n\n" +
		"```sh\ngate401 mock --openapi petstore.yaml\ncurl --data-binary @petstore.yaml 'http://127.0.0.1:8403/__mock/api/openapi?name=petstore.yaml&prefix=/petstore'\n```\n\n" +
		"The banner and the page show commands with credentials that it accepts; `GET /__mock/api/openapi` has one for each operation, and `GET /__mock/api/openapi/ID` also a token for each scope, so that 403 can be seen. A refusal names that address as `help`. These are accepted:\n\n" +
		"| scheme | what | such as |\n|---|---|---|\n" +
		fmt.Sprintf("| http basic, digest | `%s` with the password `%s` | `curl -u %s:%s` |\n", scenario.User, scenario.Password, scenario.User, scenario.Password) +
		fmt.Sprintf("| http bearer, oauth2, openIdConnect | the token `%s`, with all scopes; tokens that the mock signed, with theirs | `curl -H 'Authorization: Bearer %s'` |\n", scenario.Token, scenario.Token) +
		fmt.Sprintf("| apiKey | the key of every session, in the place that the document names | `curl -H 'X-API-Key: %s'` |\n", world.DefaultKey) +
		"| mutualTLS | is not enforced, and answers say so in `Gate401-Not-Enforced` | |\n\n" +
		"Below `/s/SESSION`, as in `/s/mine/v1/pets`, the document also takes the access tokens of that session's logins, which expire and are revoked as the session says, with the scopes of the person who logged in. The session's own paths win: `login`, `token`, `revoke`, `jwks.json`, `api/orders`, `api/admin` and `api/payments`.\n\n" +
		"`Prefer: code=404` and `Prefer: example=NAME` choose among the answers of the document.\n")

	b.WriteString("\n## Sessions\n\n`/s/SESSION/` is made when it is first used. `POST /__mock/api/sessions` makes one with settings, `POST /__mock/api/sessions/SESSION/do` tells it something in the middle of a test.\n\n" +
		"```sh\ncurl -s http://127.0.0.1:8403/s/mine/login -d username=alice -d password=wonderland\n" +
		"curl -s http://127.0.0.1:8403/__mock/api/sessions/mine/do -H 'Content-Type: application/json' -d '{\"do\":\"expire-access-tokens\"}'\n" +
		"curl -s http://127.0.0.1:8403/__mock/api/sessions -H 'Content-Type: application/json' -d '{\"id\":\"short\",\"access\":{\"ttl\":\"5s\"},\"refresh\":{\"fault\":\"lost-answer\",\"times\":1}}'\n```\n\n" +
		"`GET /s/SESSION/` says who can log in there, with which keys, and where the endpoints are. Resources are below `/s/SESSION/api/`: `orders` (scope `orders:read`), `admin` (group `admin`), `payments` (POST, a login of this minute), and any other path with any proof.\n\n")
	list(&b, "Commands", world.Commands())
	b.WriteString("A command:\n\n" + fields("internal/mock/world", "Command"))
	b.WriteString("\nSettings, beside the `id`; `{\"id\":...,\"scenario\":NAME}` takes those of a scenario:\n\n" + fields("internal/mock/world", "Settings") + "\n")
	faults(&b, "`access.fault`: an access token is ...", world.AccessFaultTexts())
	faults(&b, "`refresh.fault`: a refresh ...", world.RefreshFaultTexts())
	faults(&b, "`jwks`: the key set ...", world.JWKSFaultTexts())

	b.WriteString("\n## Scenarios\n\nWhat a right client does is data: `gate401 mock judge -- COMMAND` runs a client through them and judges it by what it sent; `--only` takes the names of scenarios and of groups, which are the headings below.\n")
	group := scenario.Group("")
	for _, s := range scenario.All() {
		if s.Group != group {
			group = s.Group
			fmt.Fprintf(&b, "\n### %s\n\n| name | what happens | a right client |\n|---|---|---|\n", group)
		}
		mark := ""
		if s.Simulated {
			mark = " *(simulated: the gate cannot find it yet)*"
		}
		fmt.Fprintf(&b, "| `%s` | %s%s | %s |\n", s.Name, escape(s.Title), mark, escape(s.Expect.Sentence))
	}

	b.WriteString("\n## What a client is judged by\n\n`gate401 mock judge -- COMMAND` runs a client through the scenarios; of what any client did to a running mock, `GET /__mock/api/verdict?session=SESSION` and the page say the same.\n\n" +
		"```sh\ncurl -s 'http://127.0.0.1:8403/__mock/api/verdict?session=mine'\n```\n\n| id | severity | what | what to change |\n|---|---|---|---|\n")
	for _, r := range trial.AllRules() {
		fmt.Fprintf(&b, "| `%s` | %s | %s. %s | %s |\n", r.ID, r.Severity, escape(r.Title), escape(r.Why), escape(r.Fix))
	}

	b.WriteString("\n## Any answer by URL\n\n`/mix/s=401/ch=expired/d=500ms` and so on, in any order:\n\n| key | example | what |\n|---|---|---|\n")
	for _, k := range mix.Keys() {
		fmt.Fprintf(&b, "| `%s` | `%s` | %s |\n", k.Name+", "+k.Long, strings.ReplaceAll(k.Example, "|", `\|`), escape(k.Explain))
	}

	b.WriteString("\n## Where it differs from go-httpbin\n\n| path | go-httpbin | here | why |\n|---|---|---|---|\n")
	for _, d := range httpbin.Divergences() {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", d.Path, escape(d.Theirs), escape(d.Ours), escape(d.Why))
	}
	return b.String()
}

func list(b *strings.Builder, title string, names []string) {
	fmt.Fprintf(b, "%s: `%s`.\n\n", title, strings.Join(names, "`, `"))
}

func faults(b *strings.Builder, title string, all []world.Fault) {
	b.WriteString(title + "\n\n| value | what |\n|---|---|\n")
	for _, f := range all {
		fmt.Fprintf(b, "| `%s` | %s |\n", f.Name, escape(f.Text))
	}
	b.WriteString("\n")
}
